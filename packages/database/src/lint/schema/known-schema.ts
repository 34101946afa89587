import type { Name, TypeShape } from './names.ts';

/** A column that a migration declared. */
export interface KnownColumn {
  name: string;
  type: TypeShape | undefined;
  notNull: boolean;
}

/** A constraint that a migration added. */
export interface KnownConstraint {
  name: string;
  readonly kind: 'check' | 'foreign key' | 'unique' | 'primary key' | 'exclusion' | 'not null';
  readonly columns: readonly string[];
  /** The columns that it proves not to be null. */
  readonly notNull: readonly string[];
  /** The constants of a check, as text, to be compared with the bounds of a partition. */
  readonly constants: readonly string[];
  validated: boolean;
  /** The transaction that added it. */
  readonly transaction: number;
}

export interface KnownRelation extends Name {
  name: string;
  schema: string;
  kind: 'table' | 'partitioned' | 'view' | 'materialized view' | 'foreign table' | 'sequence';
  /** The file that created it; undefined when it was there before any of them. */
  readonly createdIn: number | undefined;
  readonly columns: Map<string, KnownColumn>;
  readonly constraints: Map<string, KnownConstraint>;
  readonly policies: Set<string>;
  partitionKey: readonly string[];
  /** The key of its default partition. */
  defaultPartition: KnownRelation | undefined;
  parent: KnownRelation | undefined;
}

export interface KnownIndex extends Name {
  name: string;
  schema: string;
  readonly table: KnownRelation;
  /** Every column in its keys, expressions and predicate. */
  readonly columns: readonly string[];
  readonly unique: boolean;
  /** Without expressions and predicate. */
  readonly plain: boolean;
}

export interface KnownType extends Name {
  name: string;
  schema: string;
  readonly createdIn: number | undefined;
  readonly transaction: number;
  /** Of a domain: whether values are checked. */
  checked: boolean;
  readonly kind: 'enum' | 'domain' | 'other';
}

export interface KnownFunction {
  readonly volatile: boolean;
}

/** What the statements so far have told about the schema. Names are kept by `schema.name`. */
export interface KnownSchema {
  readonly relations: Map<string, KnownRelation>;
  readonly indexes: Map<string, KnownIndex>;
  readonly types: Map<string, KnownType>;
  readonly functions: Map<string, KnownFunction>;
  readonly newSchemas: Map<string, number>;
  searchPath: readonly string[];
  timeZone: string | undefined;
  /** The file and the transaction that are being read. */
  file: number;
  transaction: number;
}

export const DEFAULT_SEARCH_PATH: readonly string[] = ['public'];

export function createKnownSchema(): KnownSchema {
  return {
    relations: new Map(),
    indexes: new Map(),
    types: new Map(),
    functions: new Map(),
    newSchemas: new Map(),
    searchPath: DEFAULT_SEARCH_PATH,
    timeZone: undefined,
    file: 0,
    transaction: 0,
  };
}

export function keyOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return JSON.stringify([schema, name]);
}

/** Finds a name the way PostgreSQL does: in its schema, or in the first schema of the search_path that has it. */
export function find<T>(
  schema: KnownSchema,
  map: ReadonlyMap<string, T>,
  { schema: given, name }: Name,
): T | undefined {
  const path = given === undefined ? ['pg_temp', ...schema.searchPath] : [given];
  for (const candidate of path) {
    const found = map.get(keyOf({ schema: candidate, name }));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The schema in which something new of this name is created. */
export function creationSchema(schema: KnownSchema, { schema: given }: Name): string {
  return given ?? schema.searchPath[0] ?? 'public';
}

/** The relation of this name; one that no migration created is put down as having been there before. */
export function relationNamed(schema: KnownSchema, name: Name): KnownRelation {
  const known = find(schema, schema.relations, name);
  if (known !== undefined) return known;
  const relation = newRelation({ schema: creationSchema(schema, name), name: name.name }, 'table', undefined);
  schema.relations.set(keyOf(relation), relation);
  return relation;
}

export function newRelation(
  { schema, name }: { readonly schema: string; readonly name: string },
  kind: KnownRelation['kind'],
  createdIn: number | undefined,
): KnownRelation {
  return {
    schema,
    name,
    kind,
    createdIn,
    columns: new Map(),
    constraints: new Map(),
    policies: new Set(),
    partitionKey: [],
    defaultPartition: undefined,
    parent: undefined,
  };
}

/** Whether nobody but the file being read can know the relation yet. */
export function isNew(schema: KnownSchema, relation: Pick<KnownRelation, 'createdIn' | 'schema'>): boolean {
  return relation.createdIn === schema.file || relation.schema === 'pg_temp';
}

export function indexesOf(schema: KnownSchema, table: KnownRelation): KnownIndex[] {
  return [...schema.indexes.values()].filter(index => index.table === table);
}
