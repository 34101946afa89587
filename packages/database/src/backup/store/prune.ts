import type { Clock } from '@holdfast/core';
import type { BackupRepository, BrokenBackup } from '../backup-repository.ts';
import type { WalArchive } from '../wal-archive.ts';
import { planRetention, type RetentionDecision, type RetentionPolicy } from './retention.ts';

export interface PruneOptions {
  readonly repository: BackupRepository;
  readonly policy: RetentionPolicy;
  /** Those at the same destination. */
  readonly archives: readonly WalArchive[];
  readonly dryRun: boolean;
  /** Also what has no usable manifest, which may hold the only copy of something. */
  readonly removeBroken: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface PruneResult {
  readonly destination: string;
  /** Newest first; those without a reason to stay are gone, or would be. */
  readonly decisions: readonly RetentionDecision[];
  /** What killed backups and removals left, and what else was no backup. */
  readonly broken: readonly BrokenBackup[];
  readonly walSegments: number;
  readonly freedBytes: number;
}

/** An unfinished write that is younger may still be going on. */
const UNFINISHED_MS = 86_400_000;

/**
 * Removes at one destination what no rule keeps, the WAL that nothing kept needs, and what killed runs left. Interrupted at
 * any moment, every backup is there or not listed. May be repeated.
 */
export async function pruneBackups(options: PruneOptions): Promise<PruneResult> {
  const { repository, policy, dryRun, removeBroken, clock, signal } = options;
  const { backups, broken } = await repository.list();
  const plan = planRetention(backups, policy, new Date(clock.now()));
  const gone = plan.decisions.filter(({ reasons }) => reasons.length === 0).map(({ backup }) => backup);
  const useless = broken.filter(item => item.leftover || (removeBroken && !item.inWork));
  const ids = [...useless.map(({ id }) => id), ...gone.map(({ manifest }) => manifest.id)];
  if (!dryRun) {
    for (const id of ids) {
      signal.throwIfAborted();
      await repository.remove(id);
    }
    await repository.destination.sweep('', new Date(clock.now() - UNFINISHED_MS));
  }
  return {
    destination: repository.destination.name,
    decisions: plan.decisions,
    broken: useless,
    walSegments: dryRun ? 0 : await removeWal(options, plan.walBefore),
    freedBytes: [...gone, ...useless].reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** Only with a rule: without one everything is kept, WAL as well. */
async function removeWal(
  { archives, policy, signal }: PruneOptions,
  before: ReadonlyMap<string, string>,
): Promise<number> {
  if (Object.values(policy).every(value => value === undefined)) return 0;
  let removed = 0;
  for (const archive of archives) {
    const lsn = before.get(archive.systemIdentifier);
    signal.throwIfAborted();
    if (lsn !== undefined) removed += (await archive.removeBefore(lsn)).length;
  }
  return removed;
}
