import type { BackupRepository } from '@holdfast/database/backup';
import { type RunningCommand, startCommand } from './command.ts';
import { examineBackups } from './examine-backups.ts';
import { startWriter } from './ledger.ts';
import { strayFiles, strayInServer, strayProcesses } from './leftovers.ts';
import { externalCommand, knownPids, type MatrixStage, recoverAll, repositoryOf } from './stage.ts';
import {
  type Course,
  chooseMoment,
  courseOf,
  fullDisk,
  holdfastProcess,
  interrupt,
  killing,
  type Victim,
} from './victims.ts';

/** One way to make backups, and what can be killed meanwhile. */
interface Kind {
  readonly name: string;
  readonly home: string;
  readonly place: string;
  readonly start: () => RunningCommand;
  readonly command: (...args: string[]) => RunningCommand;
  readonly victims: readonly [Victim, ...Victim[]];
  readonly url: () => Promise<string>;
  /** Permanent slots that belong there. */
  readonly slots: number;
}

const TIDY_EVERY = 10;
const PHYSICAL_PART = 0.6;

/** Interrupts backups: after each moment every listed backup can be read as a restore would, in the end some are drilled. */
export async function killBackups(stage: MatrixStage, moments: number): Promise<void> {
  const { random, isOver } = stage;
  const writer = startWriter(stage.system.url);
  try {
    const physical = await meet(stage, physicalKind(stage));
    const logical = await meet(stage, logicalKind(stage));
    for (let moment = 0; moment < moments && !isOver(); moment += 1)
      await killOne(stage, random.chance(PHYSICAL_PART) ? physical : logical);
    for (const kind of [physical, logical]) {
      await tidy(stage, kind);
      await drillSome(stage, kind);
    }
  } finally {
    await writer.stop();
  }
}

function physicalKind({ system, backups, homeDisk, backupDisk, random }: MatrixStage): Kind {
  return {
    name: 'physical backup',
    home: system.home,
    place: backups,
    // the matrix reads each one again itself
    start: () => system.start('backup', '--no-validate'),
    command: system.start,
    url: system.url,
    slots: 1,
    victims: [
      holdfastProcess,
      killing('keeper killed', system.killKeeper),
      killing('PostgreSQL killed', system.killPostgres),
      killing('all killed', system.killKeeper, system.killPostgres, command =>
        holdfastProcess.strike(command),
      ),
      fullDisk('disk of backups full', backupDisk, random),
      fullDisk('disk of the database full', homeDisk, random),
    ],
  };
}

function logicalKind(stage: MatrixStage): Kind {
  const { external, externalHome, externalBackups, homeDisk, backupDisk, random } = stage;
  const { args, variables } = externalCommand(stage);
  const command = (...own: string[]): RunningCommand => startCommand([...own, ...args], variables);
  return {
    name: 'logical backup',
    home: externalHome,
    place: externalBackups,
    start: () => command('backup', '--no-validate'),
    command,
    url: async () => external.url,
    slots: 0,
    victims: [
      holdfastProcess,
      killing('PostgreSQL killed', external.kill),
      killing('all killed', external.kill, running => holdfastProcess.strike(running)),
      fullDisk('disk of backups full', backupDisk, random),
      fullDisk('disk of the database full', homeDisk, random),
    ],
  };
}

/** A kind that was measured, and what is known of its backups. */
interface Met {
  readonly kind: Kind;
  readonly course: Course;
  readonly repository: BackupRepository;
  readonly known: Set<string>;
  /** What killed ones left, until it is removed. */
  readonly rests: Set<string>;
  moments: number;
}

async function meet({ progress }: MatrixStage, kind: Kind): Promise<Met> {
  const course = await measure(kind);
  progress(`a whole ${kind.name} takes ${Math.round(course.durationMs)} ms`);
  const repository = await repositoryOf(kind.home, kind.place);
  const known = new Set((await repository.list()).backups.map(({ manifest }) => manifest.id));
  return { kind, course, repository, known, rests: new Set(), moments: 0 };
}

async function killOne(stage: MatrixStage, met: Met): Promise<void> {
  const { random, tally } = stage;
  const { kind, course } = met;
  const victim = random.pick(kind.victims);
  const when = chooseMoment(course, random);
  const struck = await interrupt(kind.start(), victim, when);
  await recoverAll(stage);
  const outcome = await examineBackups(stage, { ...met, name: kind.name }, struck);
  tally.add({ phase: kind.name, victim: victim.name, when: when.text, outcome });
  met.moments += 1;
  if (met.moments % TIDY_EVERY === 0) await tidy(stage, met);
}

async function measure(kind: Kind): Promise<Course> {
  const begun = performance.now();
  const command = kind.start();
  const { code, stderr } = await command.ended;
  if (code !== 0) throw new Error(`an undisturbed ${kind.name} failed: ${stderr}`);
  return courseOf(command, performance.now() - begun);
}

/** The next run, undisturbed, and prune: afterwards nothing of the killed ones is left. */
async function tidy(stage: MatrixStage, { kind, repository, known }: Met): Promise<void> {
  const { tally, root } = stage;
  for (const args of [
    ['backup', '--no-validate'],
    ['backup', 'prune', '--keep-last', '10000'],
  ]) {
    const { code, stderr, result } = await kind.command(...args).ended;
    if (code !== 0)
      tally.violate(`the next ${args.join(' ')} ended with ${code}: ${stderr}${JSON.stringify(result)}`);
  }
  for (const { manifest } of (await repository.list()).backups) known.add(manifest.id);
  const left = [
    ...(await strayProcesses(root, await knownPids(stage))),
    ...(await strayInServer(await kind.url(), kind.slots)),
    ...(await strayFiles(kind.home, kind.place)),
  ];
  tally.checked('looks for leftovers after the next run');
  for (const what of left) tally.violate(`left by a ${kind.name}: ${what}`);
}

/** A drill takes long; all were read as a restore would, and of those so many are drilled, and one of five moments at most. */
const MOST_DRILLS = 8;
const DRILLS_PER_MOMENT = 0.2;

async function drillSome({ tally, random }: MatrixStage, { kind, repository, moments }: Met): Promise<void> {
  const { backups } = await repository.list();
  const count = Math.min(MOST_DRILLS, Math.ceil(moments * DRILLS_PER_MOMENT));
  for (const { manifest } of random.shuffle(backups).slice(0, count)) {
    const { code, result } = await kind.command('backup', 'drill', manifest.id).ended;
    tally.checked('backups restored and compared by a drill');
    if (code !== 0)
      tally.violate(`the drill of ${manifest.id} ended with ${code}: ${JSON.stringify(result)}`);
  }
}
