import { type Queryable, sql } from '@holdfast/postgres';

/** An index as the catalog has it. */
export interface FoundIndex {
  readonly oid: number;
  /** Qualified and quoted, ready to stand in a statement. */
  readonly name: string;
  readonly valid: boolean;
  /** `unique` or nothing, then everything of the definition after the name of the table. */
  readonly definition: string;
  /** The backend that is building it at this moment. */
  readonly builderPid: number | null;
}

const FOUND_INDEX = sql<FoundIndex>`
  select class.oid::bigint as oid, format('%I.%I', namespace.nspname, class.relname) as name,
    -- that of a partitioned table is valid only once all partitions have theirs, which is another matter
    class.relkind = 'I' or (index.indisvalid and index.indisready) as valid,
    case when index.indisunique then 'unique' else '' end || substr(
      pg_get_indexdef(class.oid),
      length(format('CREATE %sINDEX %I ON %s%I.%I', case when index.indisunique then 'UNIQUE ' else '' end,
        class.relname, case when class.relkind = 'I' then 'ONLY ' else '' end, namespace.nspname,
        relation.relname)) + 1
    ) as definition,
    (select pid from pg_stat_progress_create_index where index_relid = class.oid limit 1) as "builderPid"
  from pg_index as index
  join pg_class as class on class.oid = index.indexrelid
  join pg_class as relation on relation.oid = index.indrelid
  join pg_namespace as namespace on namespace.oid = class.relnamespace
`;

/** The indexes of a table. `table` is a name as written in SQL, resolved with the session's search_path. */
export function listIndexes(db: Queryable, table: string): Promise<FoundIndex[]> {
  return db.many(
    sql<FoundIndex>`${FOUND_INDEX} where relation.oid = to_regclass(${table}) order by class.oid`,
  );
}

/** An index by its name as written in SQL, in the schema of its table. */
export function findIndex(db: Queryable, table: string, name: string): Promise<FoundIndex | undefined> {
  return db.maybeOne(sql<FoundIndex>`
    ${FOUND_INDEX}
    where relation.oid = to_regclass(${table}) and class.relname = (parse_ident(${name}))[1]
  `);
}

/** Whether the name, as written in SQL, is that of any relation. */
export async function relationExists(db: Queryable, name: string): Promise<boolean> {
  const { found } = await db.one(sql<{ found: boolean }>`select to_regclass(${name}) is not null as found`);
  return found;
}

/** Invalid indexes that an interrupted REINDEX CONCURRENTLY left behind, and that nobody is building. */
export function listReindexLeftovers(db: Queryable): Promise<FoundIndex[]> {
  return db.many(sql<FoundIndex>`
    ${FOUND_INDEX}
    where not index.indisvalid and class.relname ~ '_cc(new|old)[0-9]*$'
      and pg_has_role(relation.relowner, 'usage')
      and not exists (select from pg_stat_progress_create_index where index_relid = class.oid)
    order by class.oid
  `);
}
