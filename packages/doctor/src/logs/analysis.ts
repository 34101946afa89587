import type { ErrorClass } from './aggregate/error-class.ts';
import type { Evidence, Incident, Noise } from './detect/incident.ts';
import type { FormatName } from './formats/line-parser.ts';

/** How one file was read. */
export interface SourceReport {
  readonly file: string;
  readonly format: FormatName | 'unknown';
  readonly bytes: number;
  readonly lines: number;
  readonly unreadable: number;
  /** Lines that go with the one before, such as stack traces. */
  readonly continuations: number;
  readonly unreadableSamples: readonly Evidence[];
  /** ISO 8601. */
  readonly first: string | null;
  readonly last: string | null;
  readonly problem: string | null;
}

export interface EndpointReport {
  readonly endpoint: string;
  readonly requests: number;
  readonly errors: Readonly<Partial<Record<ErrorClass, number>>>;
  /** Milliseconds, within 4 %; null where the log has no durations. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

export interface ClientReport {
  readonly client: string;
  readonly requests: number;
  readonly errors: number;
}

/** How the errors of one class lie in time. */
export interface PatternReport {
  readonly class: ErrorClass;
  readonly pattern: 'burst' | 'periodic' | 'steady';
  readonly count: number;
  readonly first: string;
  readonly last: string;
  /** The busiest bucket, and how many were in it. */
  readonly peakAt: string;
  readonly peak: number;
  /** Minutes from burst to burst, of periodic ones. */
  readonly everyMinutes: number | null;
}

export interface TemplateReport {
  readonly template: string;
  readonly count: number;
  readonly severity: 'unknown' | 'info' | 'warning' | 'error' | 'fatal';
  readonly first: string;
  readonly last: string;
  /** `file:line` of the first one. */
  readonly at: string;
}

/** What an analysis of logs found. Redacted; plain data for JSON. */
export interface LogAnalysis {
  readonly schemaVersion: 1;
  /** incidents: at least one is open. */
  readonly status: 'clean' | 'incidents' | 'not_examined';
  readonly window: { readonly from: string; readonly to: string; readonly bucketSeconds: number } | null;
  readonly totals: {
    readonly lines: number;
    readonly unreadable: number;
    /** Lines before or after the window. */
    readonly outside: number;
    readonly requests: number;
    readonly messages: number;
    /** Different ones; at least so many once there are more than are kept. */
    readonly clients: number;
    readonly users: number;
    readonly p50: number | null;
    readonly p95: number | null;
    readonly p99: number | null;
  };
  readonly statuses: Readonly<Record<string, number>>;
  readonly classes: Readonly<Record<ErrorClass, number>>;
  readonly incidents: readonly Incident[];
  readonly noise: readonly Noise[];
  readonly patterns: readonly PatternReport[];
  readonly endpoints: readonly EndpointReport[];
  readonly clients: readonly ClientReport[];
  readonly codes: Readonly<Record<string, number>>;
  readonly templates: readonly TemplateReport[];
  readonly events: readonly {
    readonly time: string;
    readonly kind: string;
    readonly what: string;
    readonly at: string | null;
  }[];
  readonly sources: readonly SourceReport[];
  /** Where something was not kept, and how far numbers can be off for that. */
  readonly limits: readonly string[];
}
