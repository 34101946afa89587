/** The roles that the doctor knows the URLs of. */
export interface RolesSighting {
  readonly roles: readonly {
    readonly role: string;
    readonly canLogin: boolean;
    /** ISO 8601; null while its password is good. */
    readonly expiredAt: string | null;
    /** -1 for none. */
    readonly connectionLimit: number;
    readonly sessions: number;
  }[];
  readonly database: {
    readonly name: string;
    readonly connectionLimit: number;
    readonly sessions: number;
  };
  /** What sessions of the role of the API begin with, and the value that was recorded while all was well. */
  readonly settings: readonly {
    readonly role: string;
    readonly name: string;
    readonly value: string;
    readonly ofRole: boolean;
    readonly inDatabase: boolean;
    readonly before?: string;
  }[];
  /** Whether it was recorded at all. */
  readonly known: boolean;
  /** What was recorded and is not set any more. */
  readonly lost: readonly { readonly role: string; readonly name: string; readonly value: string }[];
}

/** What of the catalog is not as it is expected. */
export interface CatalogSighting {
  readonly tables: number;
  readonly indexes: number;
  readonly missingTables: readonly string[];
  readonly missingColumns: readonly string[];
  /** Those of the missing ones that are there under another name or with another type, and the statements that change them back. */
  readonly changedColumns: readonly {
    readonly column: string;
    readonly problem: string;
    readonly remedy: readonly string[];
    readonly undo: string;
  }[];
  readonly missingIndexes: readonly string[];
  readonly invalidIndexes: readonly string[];
  /** Missing and invalid ones of tables that are slow to read without; absent where the sizes were not looked at. */
  readonly missedIndexes?: readonly string[];
  readonly missingConstraints: readonly string[];
  /** Functions, views, triggers and rules, as `function:name(arguments)`. */
  readonly missingCode: readonly string[];
  /** Triggers that are switched off and should be on, and the constraints that are enforced by such. */
  readonly disabledTriggers: readonly string[];
  readonly missingExtensions: readonly string[];
  readonly lostRights: readonly {
    /** As `table:name`. */
    readonly object: string;
    readonly role: string;
    readonly privileges: readonly string[];
  }[];
  /** Tables whose row level security or policies are not the expected ones, and the statements that make them so. */
  readonly changedRowSecurity: readonly {
    readonly table: string;
    readonly changes: readonly string[];
    readonly remedy: readonly string[];
  }[];
  /** Triggers that refuse or drop rows and were added or changed, those that do nothing any more, and those with another definition. */
  readonly interferingTriggers: readonly {
    readonly trigger: string;
    readonly problem: string;
    readonly remedy: readonly string[];
  }[];
  /** Functions with another body than expected that triggers call which are no trouble by themselves: they may be mended ones. */
  readonly changedTriggerFunctions: readonly {
    /** As `stamp()`. */
    readonly function: string;
    readonly triggers: readonly string[];
  }[];
}
