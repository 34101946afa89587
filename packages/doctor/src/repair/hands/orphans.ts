import { type Queryable, sql } from '@holdfast/postgres';
import { type Hand, type HandContext, nameIn, qualified } from '../hand.ts';
import type { NoPlan, RepairPlan } from '../repair-plan.ts';
import { statement } from '../statement.ts';
import { comingWith } from './coming-rows.ts';
import { type Quarantine, quarantineFor } from './quarantine.ts';
import { backupWithMore, noneWithMore, restorePlan } from './rows.ts';
import { listReferences, type Reference, readTableFacts, type TableFacts } from './table-facts.ts';

/** Chooses rows of a table, given the name that they have in a statement. */
export type Condition = (row: string) => string;

/** Rows of one table that are not as they should be. */
interface Chosen {
  readonly table: TableFacts;
  /** The constraint that they break. */
  readonly reason: string;
  readonly condition: Condition;
}

/** Rows of one table that have to go aside together. */
interface Moved extends Chosen {
  readonly rows: number;
}

/**
 * Rows whose parents are gone: the parents come back where a backup has more of them than there are; else the rows are put aside, and
 * what refers to them with them. Nothing is deleted.
 */
export const settleOrphans: Hand = async (context, { subject }) => {
  const name = qualified(nameIn(subject), 2);
  const db = await context.db();
  const parent = await readTableFacts(db, name);
  if (parent === undefined) return { cannot: `${name} is not there` };
  const plan = await settleMissing(context, parent, await listChildren(db, parent));
  return plan ?? { cannot: `every row has its parent in ${name} again` };
};

/**
 * The plan for rows that break a constraint; undefined when there are none. `parent` is the table whose rows they miss, where that is
 * what is wrong with them.
 */
export async function settleMissing(
  context: HandContext,
  parent: TableFacts | undefined,
  candidates: readonly Chosen[],
): Promise<RepairPlan | NoPlan | undefined> {
  const db = await context.db();
  const found: Moved[] = [];
  for (const candidate of candidates) {
    const rows = await countRows(db, candidate.table, candidate.condition);
    if (rows > 0) found.push({ ...candidate, rows });
  }
  if (found.length === 0) return undefined;
  const backup = parent === undefined ? undefined : await backupWithMore(context, parent);
  if (parent === undefined || backup === undefined) return putAside(context, parent, found);
  const what = `Bring the rows of ${parent.name} back that ${inWords(found)} refer to`;
  return restorePlan(context, backup, await comingWith(context, backup, parent), what);
}

async function listChildren(db: Queryable, parent: TableFacts): Promise<Chosen[]> {
  const found: Chosen[] = [];
  for (const reference of await listReferences(db, parent.table)) {
    const table = await readTableFacts(db, reference.child);
    if (table === undefined) continue;
    found.push({ table, reason: reference.name, condition: isOrphan(parent, reference) });
  }
  return found;
}

export function isOrphan({ table }: TableFacts, { childColumns, parentColumns }: Reference): Condition {
  return row => {
    const present = childColumns.map(column => `${row}.${column} is not null`).join(' and ');
    const equal = childColumns.map((column, index) => `p.${parentColumns[index]} = ${row}.${column}`);
    return `${present} and not exists (select from ${table} p where ${equal.join(' and ')})`;
  };
}

async function countRows(db: Queryable, { table }: TableFacts, condition: Condition): Promise<number> {
  const { rows } = await db.one(
    sql<{
      rows: number;
    }>`select count(*) as rows from ${statement(table)} t where ${statement(condition('t'))}`,
  );
  return Number(rows);
}

async function putAside(
  context: HandContext,
  parent: TableFacts | undefined,
  orphans: readonly Moved[],
): Promise<RepairPlan | NoPlan> {
  const why = parent === undefined ? 'They break a rule' : sentence(await noneWithMore(context, parent));
  const db = await context.db();
  const all: Moved[] = [];
  for (const moved of orphans) await collect(db, moved, all, 0);
  const odd = all.find(({ table }) => table.kind !== 'r');
  if (odd !== undefined) return { cannot: `${odd.table.name} is no ordinary table` };
  const moves = all.map(moved => ({ moved, quarantine: quarantineOf(context, moved) }));
  const statements = moves.flatMap(({ moved, quarantine }) => quarantine.move(moved.condition('t'), []));
  const undo = moves.toReversed().flatMap(({ quarantine }) => quarantine.back);
  const places = moves.map(({ quarantine }) => quarantine.name).join(', ');
  return {
    risk: 'confirm',
    effect: 'data',
    touches: all.map(({ table }) => `${table.schema}.${table.name}`),
    undo: `Insert the rows again out of ${places}, the last one first.`,
    steps: [
      {
        what: `${why}: put aside ${inWords(all)}, into ${places}`,
        command: `${statements.join(';\n')};`,
        action: { kind: 'transaction', as: 'owner', statements, undo },
      },
    ],
  };
}

function sentence(clause: string): string {
  return `${clause.slice(0, 1).toUpperCase()}${clause.slice(1)}`;
}

const MAX_DEPTH = 8;

/** What refers to the rows goes before them, so that no foreign key removes it on its own. */
async function collect(db: Queryable, moved: Moved, into: Moved[], depth: number): Promise<void> {
  const references = depth < MAX_DEPTH ? await listReferences(db, moved.table.table) : [];
  for (const reference of references) {
    const table = await readTableFacts(db, reference.child);
    if (table === undefined || table.table === moved.table.table) continue;
    const condition = refersTo(moved, reference, `r${depth}`);
    const rows = await countRows(db, table, condition);
    const reason = `${moved.reason} ${reference.name}`;
    if (rows > 0) await collect(db, { table, reason, condition, rows }, into, depth + 1);
  }
  into.push(moved);
}

function refersTo(
  { table, condition }: Moved,
  { childColumns, parentColumns }: Reference,
  name: string,
): Condition {
  return row => {
    const equal = childColumns.map((column, index) => `${name}.${parentColumns[index]} = ${row}.${column}`);
    return `exists (select from ${table.table} ${name} where ${equal.join(' and ')} and ${condition(name)})`;
  };
}

function quarantineOf({ runId }: HandContext, { table, reason }: Moved): Quarantine {
  return quarantineFor({ table: table.table, name: table.name, columns: table.columns, runId, reason });
}

function inWords(moved: readonly Moved[]): string {
  return moved.map(({ rows, table }) => `${rows} rows of ${table.name}`).join(', ');
}
