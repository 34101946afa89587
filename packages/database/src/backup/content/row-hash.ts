import { type SqlQuery, sql } from '@holdfast/postgres';
import { catalogSql } from '../../health/entries/catalog-sql.ts';
import type { HashMethod } from './hash-method.ts';

/** One column as it goes into the hash of its rows. */
export interface HashedColumn {
  readonly name: string;
  readonly method: HashMethod;
  /** The type under a domain, as SQL writes it; null for any other. */
  readonly baseType: string | null;
}

/**
 * An expression that gives 64 bits for a row; any change of any value changes it but for one chance in 2^64. Every column has a
 * seed of its own, so that values exchanged between columns show, and the whole is mixed once more, so that values exchanged
 * between rows show in the sum. The hash functions are those of hash partitioning, which are the same in every version.
 */
export function rowHash(columns: readonly HashedColumn[]): SqlQuery {
  const own = columns.flatMap((column, index) =>
    column.method === 'binary' ? [] : [columnHash(column, 4 * index + 1)],
  );
  const binary = columns.filter(({ method }) => method === 'binary').map(value);
  const parts = [...own, ...chunksOf(binary, ROW_LIMIT).map(binaryHash)];
  return sql`pg_catalog.hashint4extended(0, ${balanced(parts)})`;
}

/** The most entries of a ROW(). */
const ROW_LIMIT = 1_600;

/** record_send writes null as a length of -1, and every value after its own length. */
function binaryHash(values: readonly SqlQuery[], index: number): SqlQuery {
  return sql`pg_catalog.hash_record_extended(row(pg_catalog.record_send(row(${sql.join(values)}))), ${constant(-1 - index)})`;
}

function columnHash(column: HashedColumn, seed: number): SqlQuery {
  return sql`coalesce(${valueHash(column, seed)}, ${constant(seed)})`;
}

/** Null for null. */
function valueHash(column: HashedColumn, seed: number): SqlQuery {
  const [x, one, two] = [value(column), constant(seed), constant(seed + 1)];
  switch (column.method) {
    case 'text':
      return textHash(x, one);
    case 'integer':
      // hashint8 folds 64 bits into 32; as a seed all of them count
      return sql`pg_catalog.hashint4extended(${one}::int4, ${x}::int8)`;
    case 'boolean':
      return sql`pg_catalog.hashint4extended(${x}::int4, ${one})`;
    case 'uuid':
      return sql`pg_catalog.uuid_hash_extended(${x}, ${one})`;
    case 'float':
      // 0 and -0 have one hash, and so have all kinds of NaN; their text tells the former apart
      return sql`case when ${x} = 0 then ${textHash(sql`${x}::text`, two)} else pg_catalog.hashfloat8extended(${x}::float8, ${one}) end`;
    case 'numeric':
      return numericHash(x, seed);
    case 'timestamp':
      // to the microsecond exact in a float8 within these years
      return sql`case when ${x} between '1700-01-01' and '2240-01-01'
        then pg_catalog.hashfloat8extended(pg_catalog.date_part('epoch', ${x}), ${one})
        else ${textHash(sql`${x}::text`, two)} end`;
    default:
      // concat() takes the type's output function, where a cast may be somebody's own
      return sql`case when ${x} is distinct from null then ${textHash(sql`pg_catalog.concat(${x})`, one)} end`;
  }
}

/** hash_numeric leaves out the sign and the digits behind the last one that counts; all special values are one to it. */
function numericHash(x: SqlQuery, seed: number): SqlQuery {
  const scaled = (base: number): SqlQuery =>
    sql`pg_catalog.hash_numeric_extended(${x}, ${constant(base)} + pg_catalog.scale(${x}))`;
  return sql`coalesce(case when ${x} > 0 then ${scaled(seed * 100_000)} when ${x} < 0 then ${scaled(-seed * 100_000 - 50_000)} end,
    ${textHash(sql`${x}::text`, constant(seed))})`;
}

/** Byte by byte, whatever the collation of the column. */
function textHash(text: SqlQuery, seed: SqlQuery): SqlQuery {
  return sql`pg_catalog.hashtextextended(${text} collate pg_catalog."C", ${seed})`;
}

function value({ name, baseType, method }: HashedColumn): SqlQuery {
  const column = sql.id(name);
  return baseType === null || method === 'output' ? column : sql`${column}::${catalogSql(baseType)}`;
}

/** In the text, not a parameter: the planner folds it, and PostgreSQL takes it for what the function wants. */
function constant(number: number): SqlQuery {
  return catalogSql(`${number}`);
}

/** A long chain of operators would go as deep as it is long. */
function balanced(parts: readonly SqlQuery[]): SqlQuery {
  const [only] = parts;
  if (only === undefined) return constant(0);
  if (parts.length === 1) return only;
  const middle = parts.length >> 1;
  return sql`(${balanced(parts.slice(0, middle))} operator(pg_catalog.#) ${balanced(parts.slice(middle))})`;
}

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
