import { createRandom } from '@holdfast/core';
import { killBackups } from './backup-phase.ts';
import { externalRestore } from './external-restore-phase.ts';
import { embeddedRestore, killRestores } from './restore-phase.ts';
import { killScheduled } from './schedule-phase.ts';
import { type MatrixStage, openStage } from './stage.ts';
import { createTally, type MomentRecord } from './tally.ts';
import { killStreaming } from './wal-phase.ts';

export const PHASES = ['backup', 'schedule', 'wal', 'restore'] as const;
export type PhaseName = (typeof PHASES)[number];

export interface MatrixOptions {
  readonly seed: number;
  readonly moments: number;
  readonly only: PhaseName | undefined;
  /** No new moment after so long; what was seen until then counts. */
  readonly minutes: number;
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
}

export interface MatrixResult {
  readonly passed: boolean;
  readonly seed: number;
  readonly minutes: number;
  readonly records: readonly MomentRecord[];
  readonly checks: Readonly<Record<string, number>>;
  readonly violations: readonly string[];
}

const MINUTE_MS = 60_000;
/** How many of 200 moments each phase gets. */
const SHARES: Readonly<Record<PhaseName, number>> = {
  backup: 60,
  schedule: 10,
  wal: 60,
  restore: 70,
};

/** Kills and fills at so many moments, and says what of it was not as it must be. Leaves nothing behind. Needs root. */
export async function runMatrix(options: MatrixOptions): Promise<MatrixResult> {
  const { seed, moments, only, minutes, signal, progress } = options;
  const begun = performance.now();
  const random = createRandom(seed);
  const tally = createTally(progress);
  const isOver = (): boolean => signal.aborted || performance.now() - begun > minutes * MINUTE_MS;
  const stage = await openStage({ random, tally, isOver, progress });
  const total = PHASES.reduce((sum, phase) => sum + SHARES[phase], 0);
  try {
    for (const phase of PHASES) {
      if (only !== undefined && only !== phase) continue;
      const share = only === undefined ? Math.round((moments * SHARES[phase]) / total) : moments;
      if (share > 0) await play[phase](stage, share);
    }
  } catch (error) {
    // what was seen until then counts, and that it could not go on counts as well
    tally.violate(`the matrix could not go on: ${error instanceof Error ? error.stack : error}`);
  } finally {
    await stage.close();
  }
  return {
    passed: tally.violations.length === 0,
    seed,
    minutes: Math.round((performance.now() - begun) / 6_000) / 10,
    records: tally.records,
    checks: Object.fromEntries(tally.checks),
    violations: tally.violations,
  };
}

const play: Readonly<Record<PhaseName, (stage: MatrixStage, moments: number) => Promise<void>>> = {
  backup: killBackups,
  schedule: killScheduled,
  wal: killStreaming,
  restore: async (stage, moments) => {
    const kinds = { embedded: await embeddedRestore(stage), external: await externalRestore(stage) };
    await killRestores(stage, kinds, moments);
  },
};
