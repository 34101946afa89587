import type { CatalogSighting, RolesSighting } from './catalog-sightings.ts';
import type { FindingKind } from './conformance/index.ts';
import type { FrontendFinding } from './frontend/index.ts';

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
  /** Whether it was read from its beginning. */
  readonly whole?: boolean;
  /** Of the variables that access tokens are judged by, those with another value than before. */
  readonly claimsChanged?: readonly {
    readonly variable: string;
    readonly before: string;
    readonly now: string;
    /** How long ago the first start with the value of now was, and how long the one before had been in use by then. */
    readonly agoMs: number;
    readonly beforeMs: number;
  }[];
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

/** A sign-in that succeeded tells how long its tokens are good, in seconds. */
export interface LoginStepSighting extends StepSighting {
  readonly accessSeconds?: number;
  readonly refreshSeconds?: number;
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

/** A process of an API, or the proxy before it, as a request from outside meets it. */
export interface ReachSighting {
  readonly url: string;
  readonly port: PortSighting['result'];
  /** Undefined when the port did not open. */
  readonly result?: 'answered' | 'timeout' | 'broken';
  readonly status?: number;
  readonly milliseconds: number;
  /** Why there was no answer. */
  readonly message?: string;
}

/** What an API answered otherwise than its document says. */
export interface ConformanceSighting {
  readonly target: string;
  readonly operations: number;
  readonly requests: number;
  readonly findings: readonly {
    readonly kind: FindingKind;
    /** `GET /orders/{id}`; null for the API as a whole. */
    readonly operation: string | null;
    readonly summary: string;
    readonly status?: number;
  }[];
  /** Milliseconds in the middle of the answers that were no failures; operations that were asked twice at least. */
  readonly times: readonly { readonly operation: string; readonly milliseconds: number }[];
  /** Whether everything was asked within the time. */
  readonly complete: boolean;
  /** Whether a sign-in of this examination was to issue a token. */
  readonly issued: boolean;
  /** The operations that refused the credentials, when none took them: nothing was seen of what they do. */
  readonly refused: readonly string[];
}

/** What an entry of the health catalogue found. */
export interface EntrySighting {
  readonly level: 'ok' | 'warn' | 'critical';
  readonly summary: string;
  /** The worst first, at most twenty. */
  readonly evidence: readonly Readonly<Record<string, string | number | boolean | null>>[];
  /** Statements and commands that help, line by line; prose begins with `-- `. */
  readonly remedy: string | null;
}

/** The entries of the health catalogue that the doctor draws conclusions from. */
export const EXAMINED_ENTRIES = [
  'blocked-sessions',
  'idle-in-transaction',
  'prepared-transactions',
  'xid-age',
  'checksums',
  'collations',
  'orphans',
  'duplicates',
  'sequences-behind',
  'index-check',
  'lost-rows',
] as const;
export type ExaminedEntry = (typeof EXAMINED_ENTRIES)[number];

type EntrySightings = { readonly [K in ExaminedEntry as `health.${K}`]: EntrySighting };

/** Everything the probes can see, by the id of the observation. Checks read this and nothing else. */
export interface Sightings extends EntrySightings {
  'config.settings': {
    readonly problems: readonly {
      readonly variable: string;
      readonly kind: 'missing' | 'invalid';
      readonly message: string;
    }[];
    /** Variables that `holdfast serve` cannot do without here. */
    readonly required: readonly string[];
    /** As the doctor reads them, in milliseconds; the server may have been given others. */
    readonly lifetimes: {
      readonly accessMs: number;
      readonly refreshMs: number;
      readonly sessionMs: number;
    };
  };
  /** The variables of a configured system against the rules for them. */
  'config.variables': {
    readonly from: string;
    readonly checked: number;
    readonly problems: readonly { readonly variable: string; readonly problem: string }[];
  };
  /** What is expected of a configured system. */
  'config.snapshot': { readonly path: string; readonly problem?: string };
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
  /** What the analysis of the logs found. */
  'logs.incidents': {
    readonly requests: number;
    readonly incidents: readonly {
      readonly kind: string;
      readonly title: string;
      readonly state: 'open' | 'recovered';
      readonly onset: string;
      readonly endpoints: readonly string[];
      readonly affected: number;
      readonly affectedBy: 'user' | 'client';
    }[];
  };
  'logs.postgres': { readonly path: string; readonly lastWords?: string };
  /** Repairs of an earlier run that was cut off. */
  'repair.journal': {
    readonly cutOff: readonly {
      readonly code: string;
      readonly subject: string;
      readonly startedAt: string;
    }[];
  };
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
    /** The data directory of a PostgreSQL that is not the embedded one. */
    readonly directory?: string;
    /** The embedded one's data directory that is gone, and the moment of the last backup; null when there is none. */
    readonly lost?: { readonly directory: string; readonly lastBackup?: string | null };
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
    /** By role, the most first. Of sessions whose state cannot be seen none counts as idle. */
    readonly sessions: readonly {
      readonly role: string;
      readonly total: number;
      /** Idle in a transaction for two seconds and more. */
      readonly idleInTransaction: number;
    }[];
  };
  'database.roles': RolesSighting;
  'schema.ledger': {
    readonly applied: number;
    /** The last that is applied; `0` without one. */
    readonly version: string;
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
  'schema.catalog': CatalogSighting;
  'data.sessions': { readonly live: number; readonly withoutFamily: number; readonly families: number };
  'data.roles': { readonly missing: readonly string[]; readonly present: number };
  'data.grants': {
    readonly grants: number;
    readonly required: number;
    readonly notGranted: readonly string[];
  };
  'data.revocations': RevocationsSighting;
  'data.keys': { readonly keys: readonly KeySighting[] };
  /** Rows with encrypted fields, by the id of the key they name. */
  'data.encrypted': { readonly keys: readonly { readonly kid: string; readonly rows: number }[] };
  /** The sessions that were ended within the last day. */
  'data.ended_sessions': {
    readonly ended: number;
    /** Those that neither the audit log nor a restore knows as ended. */
    readonly outside: number;
    /** ISO 8601: when the first of these ended; null without any. */
    readonly firstAt: string | null;
  };
  /** Tables without rows that other tables show must have had some, with what shows it. */
  'data.emptied': { readonly tables: readonly { readonly table: string; readonly trace: string }[] };
  /** Each process of the API of a configured system. */
  'api.replicas': { readonly replicas: readonly ReachSighting[] };
  'proxy.answer': ReachSighting;
  /** The API of a configured system against its document, asked directly and through its proxy. */
  'api.conformance': ConformanceSighting;
  'proxy.conformance': ConformanceSighting;
  'external.services': {
    readonly services: readonly (Pick<ReachSighting, 'url' | 'status' | 'milliseconds' | 'message'> & {
      readonly name: string;
      readonly result: 'answered' | 'timeout' | 'broken';
    })[];
  };
  'api.port': PortSighting & { readonly url: string };
  'api.health': AnswerSighting & { readonly isHoldfast: boolean; readonly version?: string };
  'api.ready': AnswerSighting & {
    readonly failing: readonly { readonly name: string; readonly reason: string }[];
  };
  /** The database connections of the API server, and requests that wait for one. */
  'api.pool': { readonly max: number; readonly waiting: number };
  'api.jwks': { readonly kids: readonly string[] };
  /** What several requests at once were told of keys and issuer; one of each where all agree. */
  'api.identity': {
    readonly asked: number;
    readonly keys: readonly string[];
    readonly issuers: readonly string[];
  };
  'api.operations': {
    readonly asked: number;
    readonly wrong: readonly { readonly operation: string; readonly problem: string }[];
  };
  'proxy.port': PortSighting & { readonly url: string };
  'proxy.health': AnswerSighting & { readonly sameAsDirect: boolean };
  'auth.login': LoginStepSighting;
  'auth.token': StepSighting;
  'auth.validate': StepSighting;
  'auth.refresh': StepSighting;
  'auth.old_token': StepSighting;
  'auth.logout': StepSighting;
  'auth.revocation': StepSighting;
  /** The WebSocket of the signed-in probe account. */
  'realtime.socket': StepSighting;
  'frontend.sources': {
    readonly directory: string;
    readonly files: number;
    /** Calls of the own API. */
    readonly calls: number;
    /** The OpenAPI document that they were compared with. */
    readonly compared: string | null;
    readonly findings: readonly FrontendFinding[];
  };
  'auth.clean_up': { readonly removed: boolean; readonly problem?: string };
}

export type SightingId = keyof Sightings;
