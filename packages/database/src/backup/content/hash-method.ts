/** How the values of a column become a part of their row's hash. */
export type HashMethod =
  | 'text'
  | 'integer'
  | 'boolean'
  | 'uuid'
  | 'float'
  | 'numeric'
  | 'timestamp'
  | 'binary'
  | 'output';

/** A type as pg_type has it, domains replaced by what they are over. */
export interface ValueType {
  readonly schema: string;
  readonly name: string;
  /** `typtype`: base, composite, domain, enum, multirange, pseudo, range. */
  readonly kind: string;
  /** Its oid is the same in every database and every version. */
  readonly isFixed: boolean;
  readonly hasBinary: boolean;
  /** The type of the elements of an array, null for others. */
  readonly element: string | null;
}

const METHODS: Readonly<Record<string, HashMethod>> = {
  text: 'text',
  varchar: 'text',
  int2: 'integer',
  int4: 'integer',
  int8: 'integer',
  bool: 'boolean',
  uuid: 'uuid',
  float4: 'float',
  float8: 'float',
  numeric: 'numeric',
  timestamp: 'timestamp',
  timestamptz: 'timestamp',
};

/** What of the built-in types is not the same bytes again after a dump and a restore: NaN has many forms, names have oids. */
const NOT_BINARY = new Set([
  ...['float4', 'float8', 'point', 'lseg', 'path', 'box', 'polygon', 'line', 'circle'],
  ...['regproc', 'regprocedure', 'regoper', 'regoperator', 'regclass', 'regtype', 'regcollation'],
  ...['regconfig', 'regdictionary', 'regnamespace', 'regrole', 'regdatabase', 'aclitem', 'xml'],
]);

/**
 * The cheapest method that sees every difference between two values and gives the same for the same value in PostgreSQL 14 to
 * 18, before and after a dump. `binary` is the type's own binary form, which has no settings; `output` its text, for everything
 * that somebody defined: types of one name have other oids elsewhere, and those are within the binary form.
 */
export function hashMethod(type: ValueType): HashMethod {
  if (type.schema !== 'pg_catalog' || !type.isFixed) return 'output';
  if (type.element !== null) return NOT_BINARY.has(type.element) ? 'output' : 'binary';
  const method = METHODS[type.name];
  if (method !== undefined) return method;
  const plain = type.kind === 'b' || type.kind === 'r' || type.kind === 'm';
  return plain && type.hasBinary && !NOT_BINARY.has(type.name) ? 'binary' : 'output';
}
