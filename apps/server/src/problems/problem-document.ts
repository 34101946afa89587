import { type NotReadyProblem, type Problem, RECENT_AUTH_SECONDS } from '@holdfast/contract';
import { ERROR_REGISTRY, type HoldfastError, problemType } from '@holdfast/core';

/** An error as it goes over the wire (RFC 9457). */
export interface ProblemResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Problem | NotReadyProblem;
}

const INTERNAL_DETAIL = 'Something went wrong on this side. Quote the request id when you report it.';

/** Never tells more about a failure of the server than its code. */
export function problemDocument(error: HoldfastError, requestId: string): ProblemResponse {
  const { code, details } = error;
  const { status, title } = ERROR_REGISTRY[code];
  const body = {
    type: problemType(code),
    title,
    status,
    detail: status < 500 ? error.message : serverDetail(error, status, title),
    code,
    requestId,
    ...(Array.isArray(details?.errors) ? { errors: details.errors } : {}),
    ...(Array.isArray(details?.checks) ? { checks: details.checks } : {}),
  };
  return { status, headers: problemHeaders(error, status), body };
}

function serverDetail(error: HoldfastError, status: number, title: string): string {
  if (status !== 503) return INTERNAL_DETAIL;
  if (error.code === 'commit_unknown') return `${title}. Look before you repeat the request.`;
  return `${title}. Try again in ${retryAfter(error)} s.`;
}

function problemHeaders(error: HoldfastError, status: number): Record<string, string> {
  if (status === 401) return { 'www-authenticate': challenge(error) };
  if (status === 503) return { 'retry-after': String(retryAfter(error)) };
  return {};
}

/** RFC 6750 section 3: an error code only when a token was presented. */
function challenge({ code }: HoldfastError): string {
  if (code === 'client_invalid') return 'Basic realm="holdfast"';
  if (code === 'recent_authentication_required') {
    // RFC 9470 section 3
    return `Bearer realm="holdfast", error="insufficient_user_authentication", max_age=${RECENT_AUTH_SECONDS}`;
  }
  if (code === 'token_missing' || code === 'invalid_credentials') return 'Bearer realm="holdfast"';
  return `Bearer realm="holdfast", error="invalid_token", error_description="${ERROR_REGISTRY[code].title}"`;
}

function retryAfter(error: HoldfastError): number {
  return Math.max(1, Math.ceil(error.retryAfter ?? 1));
}
