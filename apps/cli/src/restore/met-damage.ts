import { errorMessage, HoldfastError, isHoldfastError, systemClock } from '@holdfast/core';
import { damageOf, type HasWanted, type RecoveryTarget } from '@holdfast/database/restore';
import type { BackupPlaces } from '../backup/backup-places.ts';
import { sameDatabaseWords } from '../database-url-option.ts';
import { findOrigin, type Origin } from './find-origin.ts';
import { type RestoreContext, targetOf, typedWords } from './restore-options.ts';

export interface DamageOptions {
  readonly context: RestoreContext;
  readonly places: BackupPlaces;
  readonly origin: Origin;
  /** Of the next backup to try. */
  readonly hasWanted?: HasWanted;
  readonly signal: AbortSignal;
  /** Whether PostgreSQL of the backup's own version did the work, so that its failure speaks against the backup too. */
  readonly isolated: boolean;
}

/**
 * Runs what reads a backup and changes nothing yet. Damage that it meets is recorded with the backup, as that of a drill is, and
 * the error says so, and which backup to try next.
 */
export async function noticingDamage<T>(options: DamageOptions, work: () => Promise<T>): Promise<T> {
  const { origin, signal } = options;
  const begun = systemClock.monotonic();
  const at = new Date(systemClock.now()).toISOString();
  try {
    return await work();
  } catch (error) {
    if (signal.aborted || !isHoldfastError(error)) throw error;
    const { id } = origin.backup.manifest;
    const problems = speaksOfBackup(error, options) ? damageOf(error, id) : undefined;
    if (problems === undefined) throw error;
    const { repository } = origin;
    const recorded = await repository
      .recordValidation(id, {
        level: 'drill',
        at,
        durationMs: Math.round(systemClock.monotonic() - begun),
        destination: repository.destination.name,
        result: 'damaged',
        problems,
      })
      .then(
        () => 'It is noted with the backup, so that none without an id begins with it',
        cause => `It could not be noted with the backup: ${errorMessage(cause)}`,
      );
    const said = error.message.replace(/\.$/, '');
    const unchanged = said.includes('Nothing was changed') ? [] : ['Nothing was changed'];
    const message = [said, ...unchanged, recorded, await nextText(options)].join('. ');
    throw new HoldfastError(error.code, message, { cause: error, details: { ...error.details, problems } });
  }
}

/** What a restore to a later point finds in the rows may have come with the WAL. */
function speaksOfBackup({ code, details }: HoldfastError, { origin, isolated }: DamageOptions): boolean {
  if (origin.reach.target.kind !== 'backup')
    return code === 'backup_damaged' && (details?.problems === undefined || details.path !== undefined);
  return code === 'backup_damaged' || isolated;
}

async function nextText({ places, context, origin, hasWanted }: DamageOptions): Promise<string> {
  const wanted: RecoveryTarget = targetOf(context.options);
  try {
    const next = await findOrigin(places, undefined, wanted, hasWanted);
    const { id, point } = next.backup.manifest;
    if (id === origin.backup.manifest.id && next.repository === origin.repository)
      return 'holdfast list-backups shows the others';
    const moment = next.reach.at ?? point.snapshotAt;
    return `The next to try, of ${moment}, at ${next.repository.destination.name}: holdfast restore ${[id, ...typedWords(context.options), ...sameDatabaseWords(context.flags)].join(' ')} --plan`;
  } catch (error) {
    return `No other will do: ${errorMessage(error)}`;
  }
}
