/** What a database holds apart from rows, as plain data: sorted, comparable, the same for the same schema. */
export interface Catalog {
  /** `server_version_num`, such as 180004. */
  readonly serverVersion: number;
  /** The schemas that exist out of those asked for. */
  readonly schemas: readonly string[];
  readonly tables: readonly CatalogTable[];
  readonly indexes: readonly CatalogIndex[];
  readonly constraints: readonly CatalogConstraint[];
  readonly triggers: readonly CatalogTrigger[];
  readonly sequences: readonly CatalogSequence[];
  readonly functions: readonly CatalogFunction[];
  readonly views: readonly CatalogView[];
  readonly types: readonly CatalogType[];
  /** Of the whole database, whatever their schema. */
  readonly extensions: readonly CatalogExtension[];
}

interface Named {
  readonly schema: string;
  readonly name: string;
}

export interface CatalogTable extends Named {
  readonly kind: 'table' | 'partitioned' | 'foreign';
  readonly owner: string;
  readonly rowSecurity: boolean;
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
}

export interface CatalogConstraint extends Named {
  readonly table: string;
  readonly kind: 'primary key' | 'unique' | 'foreign key' | 'check' | 'exclusion' | 'not null' | 'trigger';
  readonly definition: string;
  /** False for NOT VALID: rows from before the constraint were never checked. */
  readonly validated: boolean;
}

export interface CatalogTrigger extends Named {
  readonly table: string;
  readonly definition: string;
  readonly enabled: 'origin' | 'disabled' | 'replica' | 'always';
  /** True for the triggers behind foreign keys; they have no definition of their own worth comparing. */
  readonly internal: boolean;
  /** For an internal trigger the constraint it belongs to. */
  readonly constraint: string | null;
}

export interface CatalogSequence extends Named {
  readonly type: string;
  /** Decimal text, since a bigint does not fit a number. */
  readonly start: string;
  readonly minimum: string;
  readonly maximum: string;
  readonly increment: string;
  readonly cycle: boolean;
  /** `schema.table.column` of the column that owns it, null for a sequence on its own. */
  readonly ownedBy: string | null;
}

export interface CatalogFunction extends Named {
  /** The types of its arguments: a function is told from its namesakes by them. */
  readonly arguments: string;
  readonly kind: 'function' | 'procedure' | 'aggregate' | 'window';
  readonly returns: string | null;
  readonly language: string;
  /** The whole `create function` statement; null for aggregates. */
  readonly definition: string | null;
}

export interface CatalogView extends Named {
  readonly materialized: boolean;
  readonly definition: string;
}

export interface CatalogType extends Named {
  readonly kind: 'enum' | 'domain' | 'composite' | 'range';
  /** The labels of an enum in their order, the base type and constraints of a domain, the fields of a composite. */
  readonly definition: string;
}

export interface CatalogExtension extends Named {
  readonly version: string;
}
