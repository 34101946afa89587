import { readContent } from '@holdfast/database/backup';
import type { DamageScene } from './damage/damage.ts';
import type { DiagnosisResult } from './diagnose.ts';
import type { ProofItem } from './proof/proof.ts';
import { type TableSums, tableSums } from './proof/prove-content.ts';
import type { RemedyResult } from './remedy.ts';
import { type CopiedDatabase, momentOf } from './system/database.ts';
import type { RunHoldfast } from './system/holdfast-child.ts';
import type { Crowd } from './users/crowd.ts';
import type { UserWorld } from './users/simulated-user.ts';
import type { TrafficSummary } from './users/traffic.ts';
import type { LoggedWrite } from './users/write-log.ts';

/** What every round of a game day works with. */
export interface Stage extends DamageScene {
  readonly run: RunHoldfast;
  readonly world: UserWorld;
  readonly crowd: Crowd;
  /** How long users work before the backup, between it and the damage, and after that. */
  readonly workMs: number;
  /** How many register after the damage. */
  readonly newcomers: number;
  /** Whether the WAL archive is taken for lost: only the backup itself brings anything back. */
  readonly backupOnly: boolean;
  /** How old the backup is when it is needed, at least; users work on meanwhile. */
  readonly backupAgeMs: number;
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
  /** Writes of the rounds before that must be there. */
  kept: readonly LoggedWrite[];
}

/** The point that everything must be found at again. */
export interface RestorePoint {
  /** How long the log of writes was. */
  readonly mark: number;
  readonly moment: Date;
  readonly sums: TableSums;
}

export interface TimelineEntry {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly what: string;
}

/** One damage and how it ended. */
export interface RoundResult {
  readonly damage: string;
  readonly what: string;
  readonly timeline: readonly TimelineEntry[];
  readonly backup: { readonly id: string; readonly ms: number };
  readonly diagnosis: DiagnosisResult;
  readonly remedy: RemedyResult;
  /** From the damage until users were served again without exception. */
  readonly troubleMs: number;
  /** From typing the restore until the API was ready. */
  readonly restoreToServiceMs: number;
  readonly lost: LostWork;
  readonly traffic: TrafficSummary;
  readonly proof: readonly ProofItem[];
  readonly ok: boolean;
}

/** What a restore to an earlier point costs. */
export interface LostWork {
  readonly seconds: number;
  readonly accounts: number;
  readonly profiles: number;
}

/** What everything must be found like; users are still meanwhile. */
export async function readPoint({ world, database, signal }: Stage): Promise<RestorePoint> {
  const sums = await readSums(database, signal);
  const moment = await database.run(momentOf);
  return { mark: world.log.length, moment, sums };
}

export async function readSums(database: CopiedDatabase, signal: AbortSignal): Promise<TableSums> {
  const url = await database.url();
  return tableSums(
    await readContent({ url, jobs: 1, holds: 'physical', signal, onProgress: () => undefined }),
  );
}
