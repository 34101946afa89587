import type { BackupFacts } from '@holdfast/database/health';
import { type HandContext, nameIn, qualified, splitName } from '../hand.ts';
import { judgeOf, ownRepairs, tablesHangingOn } from './hanging-tables.ts';
import { countRows, listParents, type TableName } from './table-facts.ts';

/** Whose repair is a plan for the rows of one table. */
const BY_TABLE: ReadonlySet<string> = new Set(['rows_lost', 'refresh_tokens_truncated']);

/** What comes back in one step, so that no row comes without what hung on it; tables as `schema.table`. */
export interface ComingRows {
  /** The one that is wanted first. */
  readonly tables: readonly string[];
  /** What they refer to and has lost rows as well. */
  readonly parents: readonly string[];
  readonly hanging: readonly string[];
  /** What has lost rows with them, and is left so. */
  readonly leaves: readonly string[];
  /** Rows of these do not come back, whatever they hung on. */
  readonly passing: readonly string[];
}

/** What comes back with rows of one table. What a cause of its own is about is left to its repair. */
export async function comingWith(
  context: HandContext,
  backup: BackupFacts,
  wanted: TableName,
): Promise<ComingRows> {
  const parents = await lostParents(context, backup, wanted);
  const first = nameOf(wanted);
  const found = { with: new Set<string>(), leaves: new Set<string>() };
  for (const root of [...parents, wanted]) {
    const hanging = await tablesHangingOn(context, backup, root);
    for (const name of hanging.with) found.with.add(name);
    for (const name of hanging.leaves) found.leaves.add(name);
  }
  const chosen = new Set([first, ...parents.map(nameOf)]);
  const hanging = [...found.with].filter(name => !chosen.has(name));
  const tables = [...chosen, ...hanging];
  return {
    ...{ tables, parents: parents.map(nameOf), hanging },
    leaves: [...found.leaves].filter(name => !chosen.has(name)),
    passing: await passingTables(context, backup),
  };
}

/** Tables of a backup whose rows come and go. */
export async function passingTables(context: HandContext, backup: BackupFacts): Promise<string[]> {
  const comesBack = await judgeOf(context);
  return backup.tables.map(nameOf).filter(name => !comesBack(name));
}

/** Of how many rows it has now only a loss can be seen, not which rows; the step looks again before it writes. */
async function lostParents(
  context: HandContext,
  backup: BackupFacts,
  wanted: TableName,
): Promise<TableName[]> {
  const db = await context.db();
  const repaired = new Set([...ownRepairs(context), ...(await takenUpBefore(context, wanted))]);
  const before = new Map(backup.tables.map(other => [nameOf(other), other.rows]));
  const lost: TableName[] = [];
  for (const parent of await listParents(db, wanted.table)) {
    const rows = before.get(nameOf(parent)) ?? 0;
    if (repaired.has(nameOf(parent)) || rows === 0) continue;
    if (rows > (await countRows(db, parent.table))) lost.push(parent);
  }
  return lost;
}

/** What the repairs of other lost rows that come before this one bring back, with what hung on it. */
async function takenUpBefore(context: HandContext, wanted: TableName): Promise<string[]> {
  const lost = context.diagnosis.rootCauses
    .filter(({ code }) => BY_TABLE.has(code))
    .map(({ subject }) => qualified(nameIn(subject), 2));
  const own = lost.findIndex(name => splitName(name).join('.') === nameOf(wanted));
  const parents: TableName[] = [];
  for (const name of lost.slice(0, Math.max(0, own)))
    parents.push(...(await listParents(await context.db(), name)));
  return parents.map(nameOf);
}

function nameOf({ schema, name }: Pick<TableName, 'schema' | 'name'>): string {
  return `${schema}.${name}`;
}
