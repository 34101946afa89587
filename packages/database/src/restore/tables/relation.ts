import { displayName } from '../../drift/objects/schema-object.ts';

/** A table of one of the two databases, with what matters when rows are written into it. */
export interface Relation {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly partitioned: boolean;
  /** Whether policies would hide rows from this role. */
  readonly rowSecurity: boolean;
  readonly columns: readonly RelationColumn[];
  /** Unique indexes and exclusion constraints, the primary key first. */
  readonly indexes: readonly RelationIndex[];
  readonly checks: readonly RelationCheck[];
  /** Those of users that fire, of partitions as well. */
  readonly triggers: readonly RelationTrigger[];
  readonly sequences: readonly RelationSequence[];
}

export interface RelationColumn {
  readonly name: string;
  /** As `format_type` writes it. */
  readonly type: string;
  readonly notNull: boolean;
  readonly hasDefault: boolean;
  /** The expression of a generated column. */
  readonly generated: string | null;
  readonly identity: 'always' | 'by default' | null;
}

export interface RelationIndex {
  readonly name: string;
  readonly primary: boolean;
  readonly exclusion: boolean;
  /** False for a constraint that may be checked at the end of the transaction. */
  readonly immediate: boolean;
  readonly nullsNotDistinct: boolean;
  readonly predicate: string | null;
  readonly parts: readonly {
    /** Null for an expression. */
    readonly column: string | null;
    readonly expression: string;
    /** `operator(pg_catalog.=)`; null when the index knows none. */
    readonly operator: string | null;
  }[];
  /** Every column that it depends on. */
  readonly columns: readonly string[];
}

export interface RelationCheck {
  readonly name: string;
  readonly expression: string;
  readonly columns: readonly string[];
}

export interface RelationTrigger {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  readonly enabled: 'origin' | 'always';
}

export interface RelationSequence {
  readonly schema: string;
  readonly name: string;
  readonly column: string;
}

/** A foreign key by names, so that one of the backup can stand for one that is about to be made again. */
export interface ForeignKey {
  readonly name: string;
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly string[];
  readonly parentSchema: string;
  readonly parentTable: string;
  readonly parentColumns: readonly string[];
  /** For each column: parent = child. */
  readonly operators: readonly string[];
  /** For each column: parent = parent. */
  readonly parentOperators: readonly string[];
  readonly onDelete: 'no action' | 'restrict' | 'cascade' | 'set null' | 'set default';
}

/** A table as people read it and type it after `--table`: in quotes where it needs them. */
export function tableText({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return displayName([schema, name]);
}

/** One text for a table, to look it up by. */
export function tableKey(schema: string, name: string): string {
  return JSON.stringify([schema, name]);
}

export const childKey = (key: ForeignKey): string => tableKey(key.schema, key.table);
export const parentKey = (key: ForeignKey): string => tableKey(key.parentSchema, key.parentTable);
