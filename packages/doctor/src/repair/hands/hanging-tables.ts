import type { BackupFacts } from '@holdfast/database/health';
import { type HandContext, nameIn, qualified, splitName } from '../hand.ts';
import { countRows, listCascades, type TableFacts } from './table-facts.ts';

/** Tables whose rows go with those of another one, as `schema.table`. */
export interface HangingTables {
  /** What comes back together with it, parents first. */
  readonly with: readonly string[];
  /** What has lost rows as well, and is left so. */
  readonly leaves: readonly string[];
}

/** Without them nobody stays signed in; with them comes the record of the time they lack, so they always come along. */
const SESSIONS: ReadonlySet<string> = new Set(['public.sessions', 'public.refresh_tokens']);
/** A token that was used since the backup would be good again. */
const USED_ONCE: ReadonlySet<string> = new Set(['public.one_time_tokens']);
const BROUGHT_BACK = ['rows_lost', 'refresh_tokens_truncated', 'role_permissions_deleted'];

/**
 * The tables that a deletion from this one cascades to and that have fewer rows than the backup. A table that a cause of its own
 * is about is left to its repair.
 */
export async function tablesHangingOn(
  context: HandContext,
  backup: BackupFacts,
  { table }: Pick<TableFacts, 'table'>,
): Promise<HangingTables> {
  const db = await context.db();
  const found = { with: [] as string[], leaves: [] as string[] };
  const comesBack = await judgeOf(context);
  const repaired = ownRepairs(context);
  for (const child of await listCascades(db, table)) {
    const name = `${child.schema}.${child.name}`;
    const before = backup.tables.find(other => `${other.schema}.${other.name}` === name);
    if (before === undefined || repaired.has(name)) continue;
    const always = !('kind' in context.target) && SESSIONS.has(name);
    if (!always && before.rows <= (await countRows(db, child.table))) continue;
    found[comesBack(name) ? 'with' : 'leaves'].push(name);
  }
  return found;
}

/** In another system rows that come and go are left: nothing tells which of them had ended since. */
export async function judgeOf({ target }: HandContext): Promise<(name: string) => boolean> {
  if (!('kind' in target)) return name => !USED_ONCE.has(name);
  const lasting = (await target.backups?.()) ?? [];
  const names = new Set(
    lasting.flatMap(({ tables }) => tables.map(({ schema, name }) => `${schema}.${name}`)),
  );
  return name => names.has(name);
}

/** The tables whose rows come back by a repair of their own. */
export function ownRepairs({ diagnosis }: HandContext): ReadonlySet<string> {
  const causes = diagnosis.rootCauses.filter(({ code }) => BROUGHT_BACK.includes(code));
  return new Set(causes.map(({ subject }) => splitName(qualified(nameIn(subject), 2)).join('.')));
}
