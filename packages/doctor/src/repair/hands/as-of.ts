import type { BackupFacts } from '@holdfast/database/health';
import type { HandContext } from '../hand.ts';
import { restorePreview } from './passed-over.ts';

type Backup = Pick<BackupFacts, 'id' | 'createdAt'>;

/** As of when rows of a backup are, and how later ones are had where a WAL archive goes on from it; a clause. */
export async function asOf(
  context: Pick<HandContext, 'reachOf'>,
  backup: Backup,
  table: string,
): Promise<string> {
  const { id, createdAt } = backup;
  const clause = `as of ${createdAt}; what was written later is not in it`;
  const reach = await reachBeyond(context, backup);
  if (reach === undefined) return clause;
  return `${clause} (the WAL archive reaches until ${reach}: holdfast restore ${id} --table ${table} --mode overwrite --to-time TIME, with a TIME before the loss, shows the whole rows of that moment, and puts them back with --yes)`;
}

/** What becomes of accounts of a Holdfast that are younger than the backup its users come back from, and how they are had; a clause. */
export async function youngerAccounts(
  context: Pick<HandContext, 'reachOf'>,
  backup: Backup,
  tables: readonly string[],
): Promise<string> {
  const { id, createdAt } = backup;
  const clause = `accounts created after ${createdAt} that were deleted too are not in it, and are answered 401 account_not_in_restored_database from then on`;
  const reach = await reachBeyond(context, backup);
  if (reach === undefined) return clause;
  return `${clause}: to have them as well, type instead of this ${restorePreview(id, tables)} --to-time TIME, with a TIME just before the damage, and --yes (the WAL archive reaches until ${reach})`;
}

async function reachBeyond(
  { reachOf }: Pick<HandContext, 'reachOf'>,
  { id, createdAt }: Backup,
): Promise<string | undefined> {
  const reach = await reachOf(id);
  return reach === undefined || Date.parse(reach) <= Date.parse(createdAt) ? undefined : reach;
}
