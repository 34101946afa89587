/** How far a TCP connection got. */
export interface PortSighting {
  readonly host: string;
  readonly port: number;
  readonly result: 'open' | 'refused' | 'timeout' | 'unresolved' | 'unreachable';
  readonly milliseconds: number;
}

export interface ProcessSighting {
  /** Whether `run/` has a file of it: it was started and not stopped on purpose. */
  readonly recorded: boolean;
  readonly pid?: number;
  readonly startedAt?: string;
  /** Whether a process with this pid runs that is the one recorded. */
  readonly running: boolean;
  /** Whether a signal has stopped it (SIGSTOP). */
  readonly suspended: boolean;
}

export interface LogSighting {
  readonly path: string;
  /** How far the last start in the log got; `unclear` when no start is in the part that was read. */
  readonly lastStart: 'serving' | 'refused' | 'unclear';
  /** The last fatal line, or the last error that ended the process. */
  readonly lastWords?: string;
  /** The settings that the refusal names. */
  readonly settings: readonly { readonly variable: string; readonly kind: 'missing' | 'invalid' }[];
  /** The stable code of the refusal. */
  readonly code?: string;
}

export interface LoginSighting {
  readonly role: string;
  readonly database: string;
  readonly address: string;
  readonly result: 'connected' | 'refused' | 'timeout';
  readonly milliseconds: number;
  readonly sqlState?: string;
  readonly message?: string;
}

export interface AnswerSighting {
  readonly url: string;
  readonly result: 'answered' | 'timeout' | 'broken';
  readonly milliseconds: number;
  readonly status?: number;
  /** Why there was no answer. */
  readonly message?: string;
}

/** A step of the sign-in of the probe account. */
export interface StepSighting {
  readonly status?: number;
  readonly code?: string;
  readonly milliseconds: number;
  readonly ok: boolean;
  /** What was wrong with the answer. */
  readonly problem?: string;
}

export interface KeySighting {
  readonly kid: string;
  readonly use: string;
  readonly status: string;
  /** ISO 8601, of keys that the database knows: when a server first had it. */
  readonly firstSeenAt?: string;
}

/** What of the revocation journal the database lacks. */
export interface RevocationsSighting {
  readonly path: string;
  /** Sessions of the end of the journal. */
  readonly compared: number;
  /** Those that are live in the database. */
  readonly live: number;
  /** Those that the database has no trace of, though it must have known them. */
  readonly unknown: number;
  /** Whether nothing but a database that is older than the journal explains them. */
  readonly conclusive: boolean;
  /** ISO 8601: when the first of them ended, and the newest row of the database from before that. */
  readonly firstAt?: string;
  readonly lastTraceAt?: string;
}

/** Everything the probes can see, by the id of the observation. Checks read this and nothing else. */
export interface Sightings {
  'config.settings': {
    readonly problems: readonly {
      readonly variable: string;
      readonly kind: 'missing' | 'invalid';
      readonly message: string;
    }[];
    /** Variables that `holdfast serve` cannot do without here. */
    readonly required: readonly string[];
  };
  'config.keyring': {
    readonly path: string;
    readonly state: 'usable' | 'absent' | 'invalid' | 'open-to-others';
    readonly problem?: string;
    readonly keys: readonly KeySighting[];
  };
  'process.server': ProcessSighting;
  'process.keeper': ProcessSighting;
  'process.listener': {
    readonly port: number;
    readonly pid?: number;
    readonly command?: string;
    readonly isServer: boolean;
  };
  'process.disk': { readonly path: string; readonly freeBytes: number; readonly totalBytes: number };
  'logs.server': LogSighting;
  'logs.postgres': { readonly path: string; readonly lastWords?: string };
  'keeper.incidents': {
    readonly path: string;
    /** Incidents that are not over, by part. */
    readonly open: readonly {
      readonly part: string;
      readonly kind: string;
      readonly reason: string;
      readonly startedAt: string;
    }[];
    /** Incidents of the last day that are over. */
    readonly recovered: number;
  };
  'time.clocks': { readonly databaseAheadMs?: number; readonly apiAheadMs?: number };
  'database.port': PortSighting;
  'database.cluster': {
    readonly state: 'stopped' | 'running' | 'stale-pid';
    readonly pid?: number;
    readonly suspended: boolean;
    readonly port?: number;
  };
  'database.address': {
    readonly address: string;
    readonly resolved: boolean;
    /** Where the embedded cluster of this state directory, or another login of the doctor, does answer. */
    readonly answersAt?: string;
    /** Whether it is certain that the database belongs to this address. */
    readonly confirmed: boolean;
  };
  'database.app': LoginSighting;
  'database.owner': LoginSighting;
  'database.server': {
    readonly version: string;
    readonly readOnly: boolean;
    readonly roundTripMs: number;
    readonly connections: number;
    readonly maxConnections: number;
  };
  'schema.ledger': {
    readonly applied: number;
    /** Whether a migration is running at this moment. */
    readonly running: boolean;
    readonly pending: readonly string[];
    /** Applied migrations that this version does not know. */
    readonly unknown: readonly string[];
    /** Stepwise migrations that stopped on their way. */
    readonly halfDone: readonly string[];
    /** Where files and ledger contradict each other. */
    readonly contradictions: readonly string[];
  };
  'schema.catalog': {
    readonly tables: number;
    readonly indexes: number;
    readonly missingTables: readonly string[];
    readonly missingColumns: readonly string[];
    readonly missingIndexes: readonly string[];
    readonly invalidIndexes: readonly string[];
    readonly missingConstraints: readonly string[];
  };
  'data.sessions': { readonly live: number; readonly withoutFamily: number; readonly families: number };
  'data.roles': { readonly missing: readonly string[]; readonly present: number };
  'data.grants': {
    readonly grants: number;
    readonly required: number;
    readonly notGranted: readonly string[];
  };
  'data.revocations': RevocationsSighting;
  'data.keys': { readonly keys: readonly KeySighting[] };
  'api.port': PortSighting & { readonly url: string };
  'api.health': AnswerSighting & { readonly isHoldfast: boolean; readonly version?: string };
  'api.ready': AnswerSighting & {
    readonly failing: readonly { readonly name: string; readonly reason: string }[];
  };
  'api.jwks': { readonly kids: readonly string[] };
  'api.operations': {
    readonly asked: number;
    readonly wrong: readonly { readonly operation: string; readonly problem: string }[];
  };
  'proxy.port': PortSighting & { readonly url: string };
  'proxy.health': AnswerSighting & { readonly sameAsDirect: boolean };
  'auth.login': StepSighting;
  'auth.token': StepSighting;
  'auth.validate': StepSighting;
  'auth.refresh': StepSighting;
  'auth.old_token': StepSighting;
  'auth.logout': StepSighting;
  'auth.revocation': StepSighting;
  'auth.clean_up': { readonly removed: boolean; readonly problem?: string };
}

export type SightingId = keyof Sightings;
