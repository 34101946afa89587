/**
 * What a database holds apart from rows, as plain data: sorted, comparable, the same for the same schema. Catalogs are stored, and
 * one stored by an older version lacks the members that were added since: those are optional, and `readCatalog` always fills
 * them.
 */
export interface Catalog {
  /** `server_version_num`, such as 180004. */
  readonly serverVersion: number;
  /** The schemas that exist out of those asked for. */
  readonly schemas: readonly string[];
  readonly schemaDetails?: readonly CatalogSchema[];
  readonly tables: readonly CatalogTable[];
  readonly indexes: readonly CatalogIndex[];
  readonly constraints: readonly CatalogConstraint[];
  readonly triggers: readonly CatalogTrigger[];
  readonly policies?: readonly CatalogPolicy[];
  readonly rules?: readonly CatalogRule[];
  readonly statistics?: readonly CatalogStatistics[];
  readonly sequences: readonly CatalogSequence[];
  readonly functions: readonly CatalogFunction[];
  readonly views: readonly CatalogView[];
  readonly types: readonly CatalogType[];
  readonly collations?: readonly CatalogCollation[];
  /** Of the whole database, whatever their schema. So are all that follow. */
  readonly extensions: readonly CatalogExtension[];
  readonly eventTriggers?: readonly CatalogEventTrigger[];
  readonly publications?: readonly CatalogPublication[];
  readonly defaultPrivileges?: readonly CatalogDefaultPrivileges[];
  /** Settings of this database, of roles in it, and of roles that own something in the schemas asked for. */
  readonly settings?: readonly CatalogSetting[];
  readonly database?: CatalogDatabase;
  /** Settings of the server that change what statements mean or what a crash costs. */
  readonly serverSettings?: Readonly<Record<string, string>>;
  /** Who needs whom, as `pg_depend` has it, down to columns. Objects of extensions stand for their extension. */
  readonly dependencies?: readonly CatalogDependency[];
}

/** The kind of an object, then its names: `['column', 'public', 'users', 'email']`. */
export type CatalogKey = readonly [kind: string, ...path: string[]];

export interface CatalogDependency {
  readonly object: CatalogKey;
  readonly needs: readonly CatalogKey[];
}

/** What one role may do. `@owner` is listed only when the owner does not have all rights. */
export interface CatalogGrant {
  /** The role, `PUBLIC` or `@owner`. */
  readonly grantee: string;
  readonly privileges: readonly string[];
  /** Those of the privileges that it may hand on. */
  readonly grantable: readonly string[];
}

/** Null: nothing was ever granted or revoked, so the default of PostgreSQL holds. */
export type CatalogAcl = readonly CatalogGrant[] | null;

interface Named {
  readonly schema: string;
  readonly name: string;
}

interface Owned {
  readonly owner?: string;
  readonly acl?: CatalogAcl;
  readonly comment?: string | null;
}

export interface CatalogSchema extends Owned {
  readonly name: string;
}

export interface CatalogTable extends Named, Owned {
  readonly kind: 'table' | 'partitioned' | 'foreign';
  readonly owner: string;
  readonly rowSecurity: boolean;
  readonly forceRowSecurity?: boolean;
  readonly persistence?: 'permanent' | 'unlogged' | 'temporary';
  readonly replicaIdentity?: 'default' | 'nothing' | 'full' | 'index';
  /** Storage parameters: `fillfactor=70`. */
  readonly options?: readonly string[];
  readonly accessMethod?: string | null;
  readonly tablespace?: string | null;
  readonly partitionKey?: string | null;
  readonly partitionOf?: { readonly parent: CatalogKey; readonly bound: string } | null;
  /** The tables it inherits from otherwise, in their order. */
  readonly inherits?: readonly CatalogKey[];
  readonly foreignServer?: string | null;
  readonly foreignOptions?: readonly string[];
  /** In their order in the table; dropped ones are left out. */
  readonly columns: readonly CatalogColumn[];
}

export interface CatalogColumn {
  readonly name: string;
  /** As `format_type` writes it: `character varying(20)`, `timestamp with time zone`. */
  readonly type: string;
  readonly notNull: boolean;
  /** The expression of the default, or of a generated column. */
  readonly default: string | null;
  readonly identity: 'always' | 'by default' | null;
  readonly generated: 'stored' | 'virtual' | null;
  /** Only when it is not the default of the type. */
  readonly collation: string | null;
  /** Only when it is not the default of the type; likewise the next two. */
  readonly storage?: 'plain' | 'external' | 'extended' | 'main' | null;
  readonly compression?: 'pglz' | 'lz4' | null;
  readonly statistics?: number | null;
  readonly options?: readonly string[];
  readonly acl?: CatalogAcl;
  readonly comment?: string | null;
  /** Comes from a parent table alone. */
  readonly inherited?: boolean;
}

export interface CatalogIndex extends Named {
  readonly table: string;
  /** The `create index` statement. */
  readonly definition: string;
  readonly unique: boolean;
  readonly primary: boolean;
  /** False after an interrupted CREATE INDEX CONCURRENTLY: the index is not used. */
  readonly valid: boolean;
  readonly ready: boolean;
  readonly clustered?: boolean;
  readonly replicaIdentity?: boolean;
  readonly statistics?: readonly number[];
  readonly tablespace?: string | null;
  readonly comment?: string | null;
  /** The index of the parent table that this one is a part of. */
  readonly partOf?: CatalogKey | null;
}

export interface CatalogConstraint extends Named {
  readonly table: string;
  readonly kind: 'primary key' | 'unique' | 'foreign key' | 'check' | 'exclusion' | 'not null' | 'trigger';
  readonly definition: string;
  /** False for NOT VALID: rows from before the constraint were never checked. */
  readonly validated: boolean;
  /** False for NOT ENFORCED (PostgreSQL 18): no row is ever checked. */
  readonly enforced?: boolean;
  readonly columns?: readonly string[];
  readonly comment?: string | null;
  /** Comes from a parent table alone. */
  readonly inherited?: boolean;
}

export interface CatalogTrigger extends Named {
  readonly table: string;
  readonly definition: string;
  readonly enabled: 'origin' | 'disabled' | 'replica' | 'always';
  /** True for the triggers behind foreign keys; they have no definition of their own worth comparing. */
  readonly internal: boolean;
  /** For an internal trigger the constraint it belongs to. */
  readonly constraint: string | null;
  /** The table of that constraint, which may be another one than the trigger's. */
  readonly constraintTable?: CatalogKey | null;
  readonly comment?: string | null;
  /** A copy of a trigger of the partitioned table. */
  readonly inherited?: boolean;
}

export interface CatalogPolicy extends Named {
  readonly table: string;
  readonly command: 'all' | 'select' | 'insert' | 'update' | 'delete';
  readonly permissive: boolean;
  /** `PUBLIC` for everybody. */
  readonly roles: readonly string[];
  readonly using: string | null;
  readonly check: string | null;
  readonly comment?: string | null;
}

export interface CatalogRule extends Named {
  readonly table: string;
  readonly definition: string;
  readonly enabled: CatalogTrigger['enabled'];
}

export interface CatalogStatistics extends Named {
  readonly owner: string;
  readonly definition: string;
}

export interface CatalogSequence extends Named, Owned {
  readonly type: string;
  /** Decimal text, since a bigint does not fit a number. */
  readonly start: string;
  readonly minimum: string;
  readonly maximum: string;
  readonly increment: string;
  readonly cycle: boolean;
  readonly cache?: string;
  readonly persistence?: CatalogTable['persistence'];
  /** `schema.table.column` of the column that owns it, null for a sequence on its own. */
  readonly ownedBy: string | null;
  /** The same as a key. */
  readonly ownerColumn?: CatalogKey | null;
  /** Behind an identity column. */
  readonly identity?: boolean;
}

export interface CatalogFunction extends Named, Owned {
  /** The types of its arguments: a function is told from its namesakes by them. */
  readonly arguments: string;
  readonly kind: 'function' | 'procedure' | 'aggregate' | 'window';
  readonly returns: string | null;
  readonly language: string;
  /** The whole `create function` statement; null for aggregates. */
  readonly definition: string | null;
  /** For aggregates what stands in the second parentheses of `create aggregate`. */
  readonly aggregate?: string | null;
}

export interface CatalogView extends Named, Owned {
  readonly materialized: boolean;
  readonly definition: string;
  /** `security_barrier=true`, `check_option=local`, storage parameters. */
  readonly options?: readonly string[];
  /** False for a materialized view that was never filled. */
  readonly populated?: boolean;
  /** Of a materialized view that does not lie in the default one. */
  readonly tablespace?: string | null;
  readonly columns?: readonly { readonly name: string; readonly type: string }[];
}

export interface CatalogType extends Named, Owned {
  readonly kind: 'enum' | 'domain' | 'composite' | 'range';
  /** The labels of an enum in their order, the base type and constraints of a domain, the fields of a composite. */
  readonly definition: string;
  readonly labels?: readonly string[] | null;
  readonly domain?: CatalogDomain | null;
  readonly fields?:
    | readonly { readonly name: string; readonly type: string; readonly collation: string | null }[]
    | null;
}

export interface CatalogDomain {
  readonly base: string;
  readonly collation: string | null;
  readonly default: string | null;
  readonly notNull: boolean;
  readonly constraints: readonly {
    readonly name: string;
    readonly definition: string;
    readonly validated: boolean;
  }[];
}

export interface CatalogCollation extends Named {
  readonly owner: string;
  readonly provider: string;
  readonly locale: string | null;
  readonly deterministic: boolean;
  /** What its indexes were built with, and what the system provides now. */
  readonly version: string | null;
  readonly actualVersion: string | null;
  readonly comment: string | null;
}

export interface CatalogExtension extends Named {
  readonly version: string;
}

export interface CatalogEventTrigger {
  readonly name: string;
  readonly owner: string;
  readonly event: string;
  readonly tags: readonly string[];
  readonly function: string;
  readonly enabled: CatalogTrigger['enabled'];
}

export interface CatalogPublication {
  readonly name: string;
  readonly owner: string;
  readonly allTables: boolean;
  readonly viaRoot: boolean;
  readonly operations: readonly string[];
  /** As `alter publication … add table` takes them. */
  readonly tables: readonly string[];
  readonly schemas: readonly string[];
}

export interface CatalogDefaultPrivileges {
  readonly role: string;
  /** Null: in every schema. */
  readonly schema: string | null;
  readonly objects: 'tables' | 'sequences' | 'functions' | 'types' | 'schemas' | 'large objects';
  readonly acl: readonly CatalogGrant[];
}

export interface CatalogSetting {
  /** Null: of every role. */
  readonly role: string | null;
  /** Whether it holds in this database only. */
  readonly inDatabase: boolean;
  readonly name: string;
  readonly value: string;
}

export interface CatalogDatabase {
  readonly encoding: string;
  readonly collate: string;
  readonly ctype: string;
  readonly provider: string;
  readonly collationVersion: string | null;
  readonly actualCollationVersion: string | null;
}
