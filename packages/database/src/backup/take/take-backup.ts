import { type Clock, errorMessage, HoldfastError, isHoldfastError } from '@holdfast/core';
import type { BackupEngine, BackupRequest } from '../backup-engine.ts';
import type { BackupRepository } from '../backup-repository.ts';
import { newBackupId } from '../store/backup-id.ts';
import { beginEverywhere, type Outcome } from './tee-writer.ts';

export interface TakeBackupOptions {
  readonly engine: Pick<BackupEngine, 'name' | 'take'>;
  /** At least one; the backup is made at all of them from one reading. */
  readonly repositories: readonly BackupRepository[];
  readonly request: BackupRequest;
  readonly clock: Clock;
}

/**
 * Makes one backup at every destination, where what killed ones have left is removed first. Resolves when it is complete at one of them at least; what went wrong at others is in
 * their outcome. When it fails, or the signal is aborted, nothing of it is left or listed anywhere.
 * @throws HoldfastError `backup_not_possible`, `backup_failed`, `backup_destination_failed`, and what the database says
 */
export async function takeBackup({
  engine,
  repositories,
  request,
  clock,
}: TakeBackupOptions): Promise<readonly Outcome[]> {
  // space for the new one; a place that cannot be used says so when it is written to
  await Promise.allSettled(repositories.map(repository => repository.removeLeftovers()));
  const writer = await beginEverywhere(repositories, newBackupId(engine.name, new Date(clock.now())));
  try {
    const taken = await engine.take(request, writer);
    request.signal.throwIfAborted();
    await writer.commit(taken);
    return writer.outcomes();
  } catch (error) {
    await writer.abandon();
    if (request.signal.aborted) throw request.signal.reason;
    throw isHoldfastError(error)
      ? error
      : new HoldfastError('backup_failed', `The backup failed: ${errorMessage(error)}`, { cause: error });
  }
}
