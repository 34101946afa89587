import type { Clock } from '@holdfast/core';
import type { ApiAccess } from '../api-access.ts';

export interface CheckApiOptions {
  /** The API, one URL for each way to it: replicas, the proxied one. By default the first server of the document. */
  readonly apiUrls?: readonly string[];
  readonly access?: ApiAccess;
  /** Whether operations that change something are called, too. By default none is. */
  readonly allowWrites?: boolean;
  /** Origins whose pages use this API in browsers, such as `https://app.example.com`. */
  readonly origins?: readonly string[];
  /** Whether those pages send cookies; by default when the access or the document uses cookies. */
  readonly corsCredentials?: boolean;
  /** Operations to look at, by `GET /path` or operationId; by default all. */
  readonly only?: readonly string[];
  readonly seed?: number;
  /** Requests for each target; by default 2000. */
  readonly maxRequests?: number;
  /** Generated requests for each operation, besides the plain one; by default 5. */
  readonly perOperation?: number;
  /** By default 50. */
  readonly requestsPerSecond?: number;
  /** Milliseconds for each target; by default five minutes. */
  readonly maxMs?: number;
  /** Milliseconds for one request; by default 15 s. */
  readonly timeoutMs?: number;
  /** The median from which on an operation is slow, in milliseconds; by default 1 s. */
  readonly slowMs?: number;
  /** Addresses of host names, as curl's --resolve has them. */
  readonly resolve?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  onProgress?(progress: ApiProgress): void;
}

export interface ApiProgress {
  readonly target: string;
  /** Operations that are done. */
  readonly done: number;
  readonly operations: number;
  readonly requests: number;
  readonly now: string;
}

export const DEFAULTS = {
  maxRequests: 2_000,
  perOperation: 5,
  requestsPerSecond: 50,
  maxMs: 300_000,
  timeoutMs: 15_000,
  slowMs: 1_000,
} as const;
