import { sql, type Transaction } from '@holdfast/postgres';
import { type CheckContext, type ConflictCheck, conflictChecks } from './conflict-checks.ts';
import { ACTION, fromTable, goneTable, rowsDiffer, TAB, TID, workTable } from './row-sql.ts';
import { countDuplicateKeys } from './stage-queries.ts';
import type { PlannedTable, RowConflict } from './table-plan.ts';

export type ConflictsByTable = ReadonlyMap<PlannedTable, readonly RowConflict[]>;

/** Every rule that rows of the restore would break, with the number of rows. Nothing is changed. */
export async function findConflicts(tx: Transaction, context: CheckContext): Promise<ConflictsByTable> {
  const found = new Map<PlannedTable, RowConflict[]>(context.tables.map(table => [table, []]));
  for (const table of context.tables) found.get(table)?.push(...(await findUnskippable(tx, table)));
  for (const check of conflictChecks(context)) {
    const { rows } = await tx.one(
      sql<{
        rows: number;
      }>`select pg_catalog.count(distinct found.place) as rows from (${check.rows}) found (place)`,
    );
    if (rows > 0) found.get(check.table)?.push(conflictOf(check, rows));
  }
  return found;
}

/**
 * Leaves out the rows that break a rule, and then those that need them, until nothing breaks one.
 * @returns how many rows of each table were left out, with the rule that they broke
 */
export async function skipConflicts(tx: Transaction, context: CheckContext): Promise<ConflictsByTable> {
  const skipped = new Map<string, { readonly check: ConflictCheck; rows: number }>();
  const checks = conflictChecks(context);
  for (let again = true; again; ) {
    again = false;
    for (const [number, check] of checks.entries()) {
      const from = check.of === 'work' ? workTable(check.table) : goneTable(check.table);
      const rows = await tx.execute(
        sql`delete from ${from} where ctid in (select found.place from (${check.rows}) found (place))`,
      );
      if (rows === 0) continue;
      again = true;
      const known = skipped.get(String(number));
      skipped.set(String(number), { check, rows: rows + (known?.rows ?? 0) });
    }
  }
  const entries = [...skipped.values()];
  return new Map(
    context.tables.map(table => [
      table,
      entries.filter(({ check }) => check.table === table).map(({ check, rows }) => conflictOf(check, rows)),
    ]),
  );
}

function conflictOf({ kind, subject, message }: ConflictCheck, rows: number): RowConflict {
  return { kind, subject, rows, message, canSkip: true };
}

/** What leaving out rows does not help against. */
async function findUnskippable(tx: Transaction, table: PlannedTable): Promise<RowConflict[]> {
  const duplicates = table.role === 'selected' ? await countDuplicateKeys(tx, table) : 0;
  const identities = await Promise.all(fixedColumns(table).map(column => fixedConflict(tx, table, column)));
  return [
    ...(duplicates === 0
      ? []
      : [
          {
            kind: 'duplicate key' as const,
            subject: table.match.kind === 'key' ? table.match.index.name : '',
            rows: duplicates,
            message: 'rows of the backup share a key that is unique in the live table',
            canSkip: false,
          },
        ]),
    ...identities.flat(),
  ];
}

/** Columns that UPDATE must not set. */
export function fixedColumns({ relation, columns }: PlannedTable): string[] {
  return relation.columns
    .filter(({ name, identity }) => identity === 'always' && columns.includes(name))
    .map(({ name }) => name);
}

async function fixedConflict(tx: Transaction, table: PlannedTable, column: string): Promise<RowConflict[]> {
  const { rows } = await tx.one(sql<{ rows: number }>`
    select pg_catalog.count(*) as rows from ${workTable(table)} w
    join ${fromTable(table.relation)} t on t.ctid = w.${TID} and t.tableoid = w.${TAB}
    where w.${ACTION} = 'u' and ${rowsDiffer('w', 't', [column])}`);
  if (rows === 0) return [];
  const message = `${column} is GENERATED ALWAYS AS IDENTITY and cannot be changed in a row that is there`;
  return [{ kind: 'identity', subject: column, rows, message, canSkip: false }];
}
