import type { RunningCommand } from './command.ts';
import { fingerprint, mark } from './ledger.ts';
import { strayFiles, strayInServer, strayProcesses } from './leftovers.ts';
import { killNow, listProcesses } from './processes.ts';
import { knownPids, type MatrixStage, recoverAll } from './stage.ts';
import {
  type Course,
  chooseMoment,
  courseOf,
  fullDisk,
  holdfastProcess,
  interrupt,
  killing,
  type Struck,
  type Victim,
} from './victims.ts';

/** A database that is restored, and how. */
export interface RestoreKind {
  readonly name: string;
  readonly url: () => Promise<string>;
  readonly command: (...args: string[]) => RunningCommand;
  /** Where leftovers would be. */
  readonly home: string;
  readonly place: string;
  readonly slots: number;
  readonly victims: readonly [Victim, ...Victim[]];
  /** Ids of backups, one of which is restored each time. */
  readonly backups: readonly [string, ...string[]];
}

const TIDY_EVERY = 8;
const UNDO_CHANCE = 0.34;

/** The restore of the embedded database, with a keeper running that does the switch. */
export async function embeddedRestore(stage: MatrixStage): Promise<RestoreKind> {
  const { system, homeDisk, random } = stage;
  const everything = killing(
    'all killed',
    system.killKeeper,
    system.killPostgres,
    command => holdfastProcess.strike(command),
    () => killScratch(stage),
  );
  return {
    name: 'restore of the embedded database',
    url: system.url,
    command: system.start,
    home: system.home,
    place: stage.backups,
    slots: 1,
    victims: [
      holdfastProcess,
      killing('keeper killed', system.killKeeper),
      killing('PostgreSQL killed', system.killPostgres),
      killing('PostgreSQL beside killed', () => killScratch(stage)),
      everything,
      fullDisk('disk of the database full', homeDisk, random),
    ],
    backups: [await backUp(system.start)],
  };
}

/** The restored one, that is, every postmaster but those in service. */
async function killScratch({ root, system, external }: MatrixStage): Promise<void> {
  const own = [await system.postgresPid(), external.pid()];
  for (const { pid, command } of await listProcesses())
    if (command.includes(root) && /postgres -D|postgres .*-D /.test(command) && !own.includes(pid))
      killNow(pid);
}

export async function backUp(
  command: (...args: string[]) => RunningCommand,
  ...args: string[]
): Promise<string> {
  const { code, result, stderr } = await command('backup', ...args).ended;
  const { backups = [] } = result as {
    readonly backups?: readonly { readonly backup: { readonly id: string } | null }[];
  };
  const id = backups[0]?.backup?.id;
  if (code !== 0 || id === undefined) throw new Error(`the backup to restore failed: ${stderr}`);
  return id;
}

const EMBEDDED_PART = 0.55;
/** Of three moments the second interrupts an undo. */
const UNDO_EVERY = 3;
const UNDO_AT = 2;

/** After each moment the database in service is wholly the old or wholly the new one; the next restore works and undoes. */
export async function killRestores(
  stage: MatrixStage,
  kinds: { readonly embedded: RestoreKind; readonly external: RestoreKind },
  moments: number,
): Promise<void> {
  const { random, isOver } = stage;
  const embedded = await meet(stage, kinds.embedded);
  const external = await meet(stage, kinds.external);
  for (let moment = 1; moment <= moments && !isOver(); moment += 1) {
    const met = random.chance(EMBEDDED_PART) ? embedded : external;
    await (moment % UNDO_EVERY === UNDO_AT ? killUndo : killOne)(stage, met, moment);
  }
  for (const met of [embedded, external]) await tidy(stage, met);
}

/** A kind of restore that was measured, and what it brings back. */
interface Met {
  readonly kind: RestoreKind;
  readonly course: Course;
  readonly undoCourse: Course;
  readonly restored: string;
  moments: number;
}

async function meet(stage: MatrixStage, kind: RestoreKind): Promise<Met> {
  const course = await measure(stage, kind, kind.name, [kind.backups[0]]);
  const restored = await fingerprint(await kind.url());
  const undoCourse = await measure(stage, kind, undoOf(kind), ['--undo']);
  return { kind, course, undoCourse, restored, moments: 0 };
}

async function measure(
  stage: MatrixStage,
  kind: RestoreKind,
  what: string,
  args: readonly string[],
): Promise<Course> {
  const begun = performance.now();
  const whole = kind.command('restore', ...args, '--yes');
  const { code, stderr, result } = await whole.ended;
  if (code !== 0) throw new Error(`an undisturbed ${what} failed: ${stderr}${JSON.stringify(result)}`);
  const course = courseOf(whole, performance.now() - begun);
  stage.progress(`a whole ${what} takes ${Math.round(course.durationMs)} ms`);
  await recoverAll(stage);
  return course;
}

function undoOf({ name }: RestoreKind): string {
  return `undo of a ${name}`;
}

/** The undo of a restore that nobody disturbed: afterwards one of the two databases is in service, and the other can be had. */
async function killUndo(stage: MatrixStage, met: Met, moment: number): Promise<void> {
  const { random, tally } = stage;
  const { kind, undoCourse: course, restored } = met;
  await mark(await kind.url(), 1_000_000 + moment);
  const old = await fingerprint(await kind.url());
  const { code, stderr } = await kind.command('restore', kind.backups[0], '--yes').ended;
  if (code !== 0) tally.violate(`${kind.name} before an undo ended with ${code}: ${stderr}`);
  await recoverAll(stage);
  const victim = random.pick(kind.victims);
  const when = chooseMoment(course, random);
  const struck = await interrupt(kind.command('restore', '--undo', '--yes'), victim, when);
  await recoverAll(stage);
  const outcome = await examine(stage, undoOf(kind), kind, { old: restored, restored: old }, struck);
  if (!outcome.startsWith('the new')) await undo(stage, kind, old);
  tally.add({
    phase: undoOf(kind),
    victim: victim.name,
    when: when.text,
    outcome: UNDONE[outcome] ?? outcome,
  });
  met.moments += 1;
  if (met.moments % TIDY_EVERY === 0) await tidy(stage, met);
}

const UNDONE: Readonly<Record<string, string>> = {
  'the new one': 'undone',
  'the new one, it had ended already': 'undone, it had ended already',
  'the old one': 'not undone, and undone by the next',
};

async function killOne(stage: MatrixStage, met: Met, moment: number): Promise<void> {
  const { random, tally } = stage;
  const { kind, course, restored } = met;
  await mark(await kind.url(), 1_000_000 + moment);
  const old = await fingerprint(await kind.url());
  const victim = random.pick(kind.victims);
  const when = chooseMoment(course, random);
  const struck = await interrupt(kind.command('restore', random.pick(kind.backups), '--yes'), victim, when);
  await recoverAll(stage);
  const outcome = await examine(stage, kind.name, kind, { old, restored }, struck);
  const undone = outcome.startsWith('the new') && random.chance(UNDO_CHANCE);
  if (undone) await undo(stage, kind, old);
  tally.add({ phase: kind.name, victim: victim.name, when: when.text, outcome });
  met.moments += 1;
  if (met.moments % TIDY_EVERY === 0) await tidy(stage, met);
}

interface Fingerprints {
  readonly old: string;
  readonly restored: string;
}

async function examine(
  { tally }: MatrixStage,
  what: string,
  kind: RestoreKind,
  { old, restored }: Fingerprints,
  { end, tooLate }: Struck,
): Promise<string> {
  const found = await fingerprint(await kind.url());
  if (found !== old && found !== restored) {
    tally.violate(`${what}: neither the old nor the new database: ${differences(found, old, restored)}`);
    return 'NEITHER';
  }
  const isNew = found === restored;
  if (end.code === 0 && !isNew)
    tally.violate(`${what} said that it is done, and the old database is in service`);
  if (tooLate) return 'the new one, it had ended already';
  return isNew ? 'the new one' : 'the old one';
}

function differences(found: string, old: string, restored: string): string {
  const lines = (text: string): Set<string> => new Set(text.split('\n'));
  const [was, would] = [lines(old), lines(restored)];
  return [...lines(found)].filter(line => !was.has(line) || !would.has(line)).join('; ');
}

async function undo({ tally }: MatrixStage, kind: RestoreKind, old: string): Promise<void> {
  const { code, stderr, result } = await kind.command('restore', '--undo', '--yes').ended;
  tally.checked('undone restores');
  const isOld = code === 0 && (await fingerprint(await kind.url())) === old;
  if (!isOld) tally.violate(`${kind.name}: --undo ended with ${code}: ${stderr}${JSON.stringify(result)}`);
}

/** The next restore, undisturbed: it does what it should, and nothing of the killed ones is left. */
async function tidy(stage: MatrixStage, { kind, restored }: Met): Promise<void> {
  const { tally, root, random } = stage;
  for (const args of [
    ['restore', random.pick(kind.backups), '--yes'],
    ['restore', '--forget', 'all', '--yes'],
  ]) {
    const { code, stderr, result } = await kind.command(...args).ended;
    if (code !== 0) tally.violate(`${args.join(' ')} ended with ${code}: ${stderr}${JSON.stringify(result)}`);
  }
  await recoverAll(stage);
  if ((await fingerprint(await kind.url())) !== restored)
    tally.violate(`${kind.name}: the next restore did not bring the backup back`);
  tally.checked('looks for leftovers after the next run');
  for (const what of [
    ...(await strayProcesses(root, await knownPids(stage))),
    ...(await strayInServer(await kind.url(), kind.slots)),
    ...(await strayFiles(kind.home, kind.place)),
  ])
    tally.violate(`left by a ${kind.name}: ${what}`);
}
