import { createRandom, type Random } from '@holdfast/core';
import { type Trouble, textOf } from '../cell.ts';
import type { MatrixOptions } from '../matrix.ts';
import { openStage, type Stage } from '../stage.ts';
import type { StackName } from '../system.ts';
import { runDoctor, takeBackup } from './doctor-command.ts';
import { differing, sumTables } from './table-sums.ts';
import { type FixCell, type FixSetting, type Handless, tryFix } from './try-fix.ts';
import { type KillCell, tryKill } from './try-kill.ts';

export interface FixOptions extends Pick<MatrixOptions, 'stacks' | 'seed' | 'only' | 'progress'> {
  /** Whether each repair is begun once more and killed. */
  readonly kill: boolean;
  readonly onCell: (result: FixResult) => Promise<void>;
}

export interface FixResult {
  readonly stacks: readonly StackName[];
  readonly seed: number;
  readonly minutes: number;
  readonly cells: readonly FixCell[];
  readonly kills: readonly KillCell[];
  readonly handless: readonly Handless[];
  readonly troubles: readonly Trouble[];
  readonly uncovered: readonly string[];
  /** Tables into which the application itself writes when the doctor signs in, which are not compared. */
  readonly written: readonly string[];
}

interface Notes {
  readonly cells: FixCell[];
  readonly kills: KillCell[];
  readonly handless: Handless[];
  readonly troubles: Trouble[];
  readonly uncovered: Set<string>;
  readonly written: string[];
}

const MINUTE_MS = 60_000;

/**
 * Breaks systems in every way that is known and has the command repair what it has hands for; with `kill`, once more with a command
 * that is killed in the middle and another one that goes on. Leaves nothing behind.
 */
export async function runFixes(options: FixOptions): Promise<FixResult> {
  const begun = performance.now();
  const notes: Notes = {
    cells: [],
    kills: [],
    handless: [],
    troubles: [],
    uncovered: new Set(),
    written: [],
  };
  const result = (): FixResult => ({
    ...notes,
    ...{ stacks: options.stacks, seed: options.seed, uncovered: [...notes.uncovered] },
    minutes: Math.round((performance.now() - begun) / (MINUTE_MS / 10)) / 10,
  });
  for (const stack of options.stacks) {
    const stage = await openStage(stack, options.seed);
    try {
      const written = await prepare(stage);
      notes.written.push(...written.map(table => `${stack} ${table}`));
      await play(stage, notes, { ...options, written }, () => options.onCell(result()));
    } finally {
      await stage.close();
    }
  }
  return result();
}

/** Takes a backup, and finds out what an examination alone writes. */
async function prepare({ system: { access } }: Stage): Promise<string[]> {
  await takeBackup(access);
  const before = await sumTables(access.databaseUrl());
  const { code } = await runDoctor(access);
  const after = await sumTables(access.databaseUrl());
  if (code !== 0 || before === undefined || after === undefined)
    throw new Error('the new system is not sound');
  return differing(before, after);
}

async function play(
  stage: Stage,
  notes: Notes,
  { seed, only, kill, progress, written }: FixOptions & FixSetting,
  onCell: () => Promise<void>,
): Promise<void> {
  const random = createRandom(seed);
  for (const name of stage.system.uncovered) notes.uncovered.add(name);
  const wanted = stage.system.injections.filter(
    ({ kind, expected: { code } }) => only === undefined || [kind, code].includes(only),
  );
  for (const { kind } of random.shuffle(wanted)) {
    if (progress.isOver()) break;
    await playOne(stage, kind, notes, { seed, written, kill, random, say: progress.say });
    await onCell();
  }
}

interface Playing extends FixSetting {
  readonly kill: boolean;
  readonly random: Random;
  readonly say: (line: string) => void;
}

async function playOne(
  stage: Stage,
  kind: string,
  notes: Notes,
  { seed, written, kill, random, say }: Playing,
): Promise<void> {
  const injection = stage.system.injections.find(item => item.kind === kind);
  if (injection === undefined) return;
  const { stack } = stage.system;
  const { name } = injection;
  const head = `${stack} seed ${seed}: ${name}`;
  const note = (why: string): void => {
    notes.troubles.push({ stack, seed, name, why });
    say(`${head}: NOT SEEN ${why}`);
  };
  const attempt = await tryFix(stage.system, injection, { seed, written });
  const { cell, handless, repairable, trouble } = attempt;
  if (cell !== undefined) {
    notes.cells.push(cell);
    say(
      `${head}: ${cell.problems.length === 0 ? `repaired in ${cell.seconds} s` : `WRONG ${cell.problems.join('; ')}`}`,
    );
  }
  if (handless !== undefined) {
    notes.handless.push(...handless);
    say(`${head}: left to a person: ${handless.map(({ code, why }) => `${code}: ${why}`).join('; ')}`);
  }
  if (trouble !== undefined) note(trouble);
  if (!attempt.sound) await renew(stage, say);
  if (!kill || repairable === undefined) return;
  const again = stage.system.injections.find(item => item.kind === kind) ?? injection;
  const killed = await tryKill(
    stage.system,
    { ...repairable, injection: again },
    { seed, written, random: random.fork() },
  );
  if (typeof killed.outcome === 'string') note(killed.outcome);
  else {
    notes.kills.push(killed.outcome);
    const { end, at, moment, problems } = killed.outcome;
    say(
      `${head}: killed ${moment} (${at}): ${end}${problems.length === 0 ? '' : ` WRONG ${problems.join('; ')}`}`,
    );
  }
  if (!killed.sound) await renew(stage, say);
}

async function renew(stage: Stage, say: (line: string) => void): Promise<void> {
  say(`${stage.system.stack}: a new system`);
  await stage.replace();
  await takeBackup(stage.system.access).catch(error => say(textOf(error)));
}
