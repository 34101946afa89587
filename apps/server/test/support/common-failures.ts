import {
  ACCESS_COOKIE,
  type Operation,
  type OperationDefinition,
  type OperationId,
  operations,
} from '@holdfast/contract';
import type { ErrorCode } from '@holdfast/core';
import type { Sample } from './requests.ts';

/** Tokens that are refused everywhere. */
export interface BadTokens {
  readonly expired: string;
  readonly revoked: string;
  /** Of somebody without any permission. */
  readonly plain: string;
}

type Spoil = (sample: Sample, operation: Operation<OperationDefinition>, tokens: BadTokens) => Sample;

export const BODY_LIMIT = 4_096;
const IMPORT_LIMIT = 16 * BODY_LIMIT;

/** How a request that would succeed is changed so that it fails with a code, for every operation alike. */
const SPOIL: Partial<Record<ErrorCode, Spoil>> = {
  token_missing: sample => ({ ...sample, token: undefined }),
  token_invalid: sample => ({ ...sample, token: 'not.a.token' }),
  token_expired: (sample, { access }, { expired }) =>
    access === 'public' ? { token: expired } : { ...sample, token: expired },
  session_revoked: (sample, _, { revoked }) => ({ ...sample, token: revoked }),
  origin_not_allowed: sample => byCookie(sample, { origin: 'https://elsewhere.example' }),
  csrf_token_invalid: sample => byCookie(sample, { 'sec-fetch-site': 'same-origin' }),
  permission_denied: (sample, _, { plain }) => ({ ...sample, token: plain }),
  validation_failed: (sample, operation) => {
    if (sample.params !== undefined) return { ...sample, params: fill(sample.params, 'no-uuid') };
    if (operation.query !== undefined) return { ...sample, query: { limit: '0' } };
    if (operation.bodyType !== undefined)
      return { ...sample, contentType: 'text/csv', body: 'nonsense\n1\n' };
    return { ...sample, body: { surprise: true } };
  },
  invalid_request: sample =>
    sample.params === undefined
      ? { ...sample, body: '{"much":"longer than it says"}', headers: { 'content-length': '3' } }
      : { ...sample, params: fill(sample.params, '%zz') },
  invalid_json: sample => ({ ...sample, body: '{"half":' }),
  payload_too_large: (sample, operation) => {
    const size = operation.bodyType === undefined ? BODY_LIMIT : IMPORT_LIMIT;
    return { ...sample, body: ' '.repeat(size + 1), headers: { 'content-length': String(size + 1) } };
  },
  unsupported_media_type: (sample, operation) =>
    operation.body === undefined
      ? { ...sample, headers: { 'content-type': 'nonsense' } }
      : { ...sample, body: '<xml/>', contentType: 'application/xml' },
};

/** The same request by a browser that keeps the access token in a cookie. */
function byCookie(sample: Sample, headers: Readonly<Record<string, string>>): Sample {
  const cookie = `${ACCESS_COOKIE}=${sample.token}`;
  return { ...sample, token: undefined, headers: { ...sample.headers, cookie, ...headers } };
}

function fill(params: Readonly<Record<string, string>>, value: string): Record<string, string> {
  return Object.fromEntries(Object.keys(params).map(name => [name, value]));
}

/** The spoiled request; undefined for codes that arise in an operation of its own way. */
export function spoil(
  operationId: OperationId,
  code: ErrorCode,
  sample: Sample,
  tokens: BadTokens,
): Sample | undefined {
  return SPOIL[code]?.(sample, operations[operationId], tokens);
}
