import { type Queryable, sql } from '@holdfast/postgres';

/** Where a sequence stands. Sequences know no snapshots: this is of the moment it is read. */
export interface SequenceState {
  readonly schema: string;
  readonly name: string;
  readonly increment: string;
  /** Decimal text. Null when this role may not read it. */
  readonly lastValue: string | null;
  readonly isCalled: boolean;
}

interface SequenceName {
  readonly schema: string;
  readonly name: string;
  readonly increment: string;
  readonly readable: boolean;
}

const BATCH = 200;

/** All sequences, by schema and name. */
export async function readSequences(db: Queryable): Promise<SequenceState[]> {
  const names = await listSequences(db);
  const readable = names.filter(({ readable }) => readable);
  const states = new Map<number, { lastValue: string; isCalled: boolean }>();
  for (let start = 0; start < readable.length; start += BATCH) {
    const parts = readable
      .slice(start, start + BATCH)
      .map(
        ({ schema, name }, index) =>
          sql`select ${start + index}::int4 as at, last_value::text as "lastValue", is_called as "isCalled" from ${sql.id(schema, name)}`,
      );
    const rows = await db.many(
      sql<{ at: number; lastValue: string; isCalled: boolean }>`${sql.join(parts, ' union all ')}`,
    );
    for (const { at, ...state } of rows) states.set(at, state);
  }
  const byName = new Map(readable.map((name, at) => [name, states.get(at)]));
  return names.map(entry => ({
    schema: entry.schema,
    name: entry.name,
    increment: entry.increment,
    lastValue: byName.get(entry)?.lastValue ?? null,
    isCalled: byName.get(entry)?.isCalled ?? false,
  }));
}

function listSequences(db: Queryable): Promise<SequenceName[]> {
  return db.many(sql<SequenceName>`
    select n.nspname::text as schema, c.relname::text as name, s.seqincrement::text as increment,
      pg_catalog.has_sequence_privilege(c.oid, 'select')
        and pg_catalog.has_schema_privilege(n.oid, 'usage') as readable
    from pg_catalog.pg_sequence s
    join pg_catalog.pg_class c on c.oid = s.seqrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relpersistence <> 't' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    order by n.nspname collate "C", c.relname collate "C"
  `);
}
