import type { BaseUrl } from './calls/url-template.ts';
import type { LeftOutReason } from './read/list-sources.ts';

/** A place in a source file; lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One call of an API. */
export interface ApiCall extends Place {
  /** Null when it is only known at run time. */
  readonly method: string | null;
  /** `/users/{id}`; `{id?}` for a segment that may be missing; null when the call is dynamic. */
  readonly path: string | null;
  /** What is known of the path, `…` in the place of the rest. */
  readonly known: string;
  readonly resolution: 'resolved' | 'dynamic';
  readonly base: BaseUrl;
  /** Names in the query, where the source shows them. */
  readonly query: readonly string[];
  /** `fetch`, `axios`, `ky`, `ofetch`, `openapi-fetch`, `openapi-generator`, … */
  readonly library: string;
  /** The wrappers between this place and the request, the outermost first. */
  readonly via: readonly string[];
  /** Where the request itself is made. */
  readonly madeAt: Place;
  /** Whether it goes to somebody else's host. */
  readonly thirdParty: boolean;
}

export const FINDING_CODES = [
  'base_url_unset',
  'base_urls_disagree',
  'html_parsed_as_json',
  'refresh_without_single_flight',
  'retry_without_cap',
  'forbidden_treated_as_unauthorized',
  'logout_on_trouble',
  'unguarded_error_response',
  'null_bearer_token',
  'raw_client_bypasses_interceptor',
  'unknown_operation',
  'wrong_method',
  'trailing_slash',
  'socket_without_renewal',
  'credentials_missing',
  'token_in_url',
  'token_in_local_storage',
  'unchecked_response',
] as const;

export type FindingCode = (typeof FINDING_CODES)[number];

/** A defect, where it is, and what to do about it. */
export interface FrontendFinding extends Place {
  readonly code: FindingCode;
  readonly message: string;
  readonly advice: string;
}

/** Where a token is kept between requests. */
export interface TokenStorage extends Place {
  readonly storage: 'localStorage' | 'sessionStorage' | 'cookie' | 'memory';
  readonly key: string;
}

export interface Interceptor extends Place {
  readonly kind: 'request' | 'response';
  readonly library: string;
}

export interface BaseUrlUse {
  readonly base: BaseUrl;
  /** The path that every call under this base begins with, such as `/api/v1`. */
  readonly prefix: string;
  readonly calls: number;
  readonly example: Place;
}

/** The calls against an OpenAPI document. */
export interface Comparison {
  readonly document: string;
  readonly operations: number;
  readonly called: number;
  /** `GET /users/{id}`. */
  readonly neverCalled: readonly string[];
}

/** What a frontend asks of its API, and what is wrong with how it does. Plain data. */
export interface FrontendMap {
  readonly schemaVersion: 1;
  readonly directory: string;
  readonly files: {
    readonly read: number;
    readonly leftOut: Readonly<Record<LeftOutReason, number>>;
    readonly broken: readonly { readonly path: string; readonly message: string }[];
  };
  readonly calls: readonly ApiCall[];
  readonly baseUrls: readonly BaseUrlUse[];
  readonly interceptors: readonly Interceptor[];
  readonly tokenStorage: readonly TokenStorage[];
  readonly findings: readonly FrontendFinding[];
  readonly comparison: Comparison | null;
}
