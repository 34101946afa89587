import type { ErrorCode } from '@holdfast/core';
import type { TObject, TSchema } from 'typebox';

export type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

export type Tag =
  | 'system'
  | 'authentication'
  | 'oauth'
  | 'account'
  | 'users'
  | 'roles'
  | 'permissions'
  | 'audit';

/** Who may call: anybody, whoever is signed in, or whoever has the permission. */
export type Access = 'public' | 'user' | 'permission';

/** What an operation says about itself; the errors that follow from it are added by {@link operation}. */
export interface OperationDefinition {
  readonly operationId: string;
  readonly method: Method;
  /** In OpenAPI form: `/api/v1/users/{userId}`. */
  readonly path: `/${string}`;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly [Tag];
  readonly access: Access;
  /** The permission for access `permission`. */
  readonly permission?: string;
  /** For public operations that do make use of a bearer token when there is one. */
  readonly token?: 'optional';
  /** For public operations that a cookie can be the credential of, and that change something. */
  readonly cookies?: 'session' | 'sign-in';
  /** Who authenticates in the request itself: a client, by its secret (RFC 6749 section 2.3.1). */
  readonly authentication?: 'client';
  /** Whether sessions may end by it, which is written into the revocation journal first. */
  readonly revokes?: true;
  /**
   * The password must have been given within {@link RECENT_AUTH_SECONDS}: always, or for changes of these members of the
   * body.
   */
  readonly recentAuth?: true | readonly string[];
  readonly params?: TObject;
  readonly query?: TObject;
  readonly body?: TSchema;
  /** Media types of the body; `application/json` when absent. Other types arrive as a stream. */
  readonly bodyType?: readonly string[];
  /** Whether the body may be absent. */
  readonly bodyOptional?: boolean;
  /** What of the database is needed to answer: its tables when absent, even a transaction, only a connection, or nothing. */
  readonly database?: 'transaction' | 'connection' | 'none';
  /** The one successful response: its status and schema; null for one without a body. */
  readonly responses: Readonly<Record<number, TSchema | null>>;
  /** The media type of the successful response; `application/json` when absent. */
  readonly responseType?: string;
  /** The schema of error bodies where it is not the usual problem. */
  readonly problem?: TSchema;
  /** The media type of error bodies; `application/problem+json` when absent. */
  readonly problemType?: string;
  /** Error codes particular to this operation. */
  readonly errors?: readonly ErrorCode[];
}

/** How long a password that was given counts as recent. */
export const RECENT_AUTH_SECONDS = 300;

/** An operation with every error code it can answer with. */
export type Operation<D extends OperationDefinition = OperationDefinition> = Omit<D, 'errors'> & {
  readonly errors: readonly ErrorCode[];
};

const CONNECTION_ERRORS = ['database_unavailable', 'database_timeout', 'pool_exhausted'] as const;
const TOKEN_ERRORS = ['token_missing', 'token_invalid', 'token_expired', 'session_revoked'] as const;
const CROSS_SITE_ERRORS = ['origin_not_allowed', 'csrf_token_invalid'] as const;
const BODY_ERRORS = ['validation_failed', 'payload_too_large'] as const;

/**
 * Declares an operation. The errors that follow from its nature are added to its own: of tokens for whoever must be
 * signed in, of parsing for whatever has a body, parameters or a query, of availability for whatever needs the database.
 */
export function operation<const D extends OperationDefinition>(definition: D): Operation<D> {
  return {
    ...definition,
    errors: [...new Set([...(definition.errors ?? []), ...impliedErrors(definition)])],
  };
}

function impliedErrors(definition: OperationDefinition): readonly ErrorCode[] {
  return [...callerErrors(definition), ...requestErrors(definition), ...databaseErrors(definition)];
}

function callerErrors(definition: OperationDefinition): readonly ErrorCode[] {
  const { access, method, cookies, revokes, recentAuth } = definition;
  const cookieSession = cookies === 'session' || (access !== 'public' && method !== 'GET');
  return [
    ...(access === 'public' ? [] : TOKEN_ERRORS),
    ...(access === 'permission' ? (['permission_denied'] as const) : []),
    ...(cookieSession ? CROSS_SITE_ERRORS : []),
    ...(cookies === 'sign-in' ? (['origin_not_allowed'] as const) : []),
    ...(revokes === true ? (['journal_unavailable'] as const) : []),
    ...(recentAuth === undefined ? [] : (['recent_authentication_required'] as const)),
  ];
}

function requestErrors(definition: OperationDefinition): readonly ErrorCode[] {
  const { params, query, body, bodyType, method, problemType } = definition;
  const takesJson = body !== undefined && bodyType === undefined;
  return [
    ...(params === undefined ? [] : (['validation_failed', 'invalid_request'] as const)),
    ...(query === undefined ? [] : (['validation_failed'] as const)),
    ...(body === undefined ? [] : BODY_ERRORS),
    // told before it is known which operation is meant, and therefore in the usual form
    ...(body === undefined || problemType !== undefined ? [] : (['request_timeout'] as const)),
    ...(takesJson ? (['invalid_json', 'invalid_request'] as const) : []),
    ...(method === 'GET' ? [] : (['unsupported_media_type'] as const)),
  ];
}

function databaseErrors(definition: OperationDefinition): readonly ErrorCode[] {
  const { database = 'tables' } = definition;
  return [
    ...(database === 'none' ? [] : CONNECTION_ERRORS),
    ...(database === 'tables' || database === 'transaction' ? (['schema_mismatch'] as const) : []),
    ...(database === 'transaction' ? (['commit_unknown'] as const) : []),
  ];
}
