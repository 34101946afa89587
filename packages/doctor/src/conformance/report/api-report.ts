import type { FindingKind, Severity } from './finding-kinds.ts';

/** A request and what came, without anything secret. */
export interface FindingExample {
  readonly request: string;
  /** Undefined when there was no answer. */
  readonly status?: number;
  readonly contentType?: string;
  /** The beginning of the body. */
  readonly excerpt?: string;
  /** Repeats the request; `$TOKEN` and `$COOKIE` stand for credentials. */
  readonly curl: string;
}

/** One kind of trouble with one operation. */
export interface ApiFinding {
  readonly kind: FindingKind;
  readonly severity: Severity;
  /** `GET /orders/{id}`; undefined for the API as a whole. */
  readonly operation: string | undefined;
  /** What is wrong, with the first example. */
  readonly summary: string;
  readonly advice: string;
  /** How many answers showed it. */
  readonly count: number;
  /** The API URLs that show it. */
  readonly targets: readonly string[];
  readonly example: FindingExample | undefined;
}

export interface OperationTally {
  readonly operation: string;
  readonly target: string;
  readonly requests: number;
  /** How often each status came. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Milliseconds; undefined without an answer that was no failure. */
  readonly p50: number | undefined;
  readonly p95: number | undefined;
}

export interface NotExamined {
  /** Undefined for the API as a whole. */
  readonly operation: string | undefined;
  readonly target: string;
  readonly why: string;
}

/** What a check of an API found. The form of `--json`; see API_REPORT_SCHEMA. */
export interface ApiReport {
  readonly version: 1;
  readonly status: 'conforms' | 'findings' | 'not_examined';
  readonly document: {
    readonly name: string;
    readonly openapi: '3.0' | '3.1';
    readonly title: string;
    readonly operations: number;
  };
  /** Repeats the same requests when it is given again. */
  readonly seed: number;
  readonly targets: readonly string[];
  readonly findings: readonly ApiFinding[];
  readonly operations: readonly OperationTally[];
  readonly notExamined: readonly NotExamined[];
  readonly requests: number;
  readonly startedAt: string;
  readonly durationMs: number;
}

/** Whether something was found that counts; warnings do so only when asked for. */
export function hasFindings({ findings }: Pick<ApiReport, 'findings'>, strict = false): boolean {
  return findings.some(({ severity }) => strict || severity === 'error');
}
