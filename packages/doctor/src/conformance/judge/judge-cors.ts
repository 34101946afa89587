import type { ApiAnswer } from '../http/exchange.ts';
import type { Verdict } from '../report/collect-findings.ts';

export interface Preflight {
  readonly origin: string;
  readonly method: string;
  /** In lower case. */
  readonly headers: readonly string[];
  /** Whether pages of the origin send cookies or wait for answers to `credentials: 'include'`. */
  readonly credentials: boolean;
}

/** Methods that need no preflight (Fetch standard, CORS-safelisted method). */
const SIMPLE_METHODS = new Set(['GET', 'HEAD', 'POST']);

/** What a browser on a configured origin makes of the answer to a preflight: the first thing it would stumble over. */
export function judgePreflight(answer: ApiAnswer, preflight: Preflight): Verdict | undefined {
  const { status, headers } = answer;
  const { origin, method, credentials } = preflight;
  if (status < 200 || status > 299) {
    return { kind: 'cors_origin_refused', summary: `answered the preflight of ${origin} with ${status}` };
  }
  const access = judgeAllowedOrigin(answer, preflight);
  if (access !== undefined) return access;
  const methods = listOf(headers['access-control-allow-methods']);
  const anyMethod = methods.includes('*') && !credentials;
  if (!SIMPLE_METHODS.has(method) && !anyMethod && !methods.includes(method.toLowerCase())) {
    return { kind: 'cors_method', summary: `does not allow ${method} to ${origin}` };
  }
  const allowed = listOf(headers['access-control-allow-headers']);
  const missing = preflight.headers.find(
    name => !allowed.includes(name) && (credentials || name === 'authorization' || !allowed.includes('*')),
  );
  if (missing === undefined) return undefined;
  return { kind: 'cors_header', summary: `does not allow the header ${missing} to ${origin}` };
}

/** The part of the answer that decides whether a page of the origin may read it. */
export function judgeAllowedOrigin(
  { headers }: ApiAnswer,
  { origin, credentials }: Pick<Preflight, 'origin' | 'credentials'>,
): Verdict | undefined {
  const allowed = headers['access-control-allow-origin'];
  const withCredentials = headers['access-control-allow-credentials'] === 'true';
  if (allowed === '*' && (withCredentials || credentials)) {
    return { kind: 'cors_wildcard', summary: 'allows * where credentials are sent' };
  }
  if (allowed !== '*' && allowed !== origin) {
    return {
      kind: 'cors_origin_refused',
      summary: `${allowed === undefined ? 'allows no origin' : `allows ${allowed}`}, not ${origin}`,
    };
  }
  if (credentials && !withCredentials) {
    return { kind: 'cors_credentials', summary: `does not allow credentials to ${origin}` };
  }
  const vary = listOf(headers.vary);
  if (allowed !== '*' && !vary.includes('origin') && !vary.includes('*')) {
    return { kind: 'cors_vary', summary: 'answers each origin differently and does not say so' };
  }
  return undefined;
}

/** An origin that nobody configured: whether it gets in with the credentials of its visitors. */
export function judgeForeignOrigin({ headers }: ApiAnswer, origin: string): Verdict | undefined {
  const allowed = headers['access-control-allow-origin'];
  if (headers['access-control-allow-credentials'] !== 'true') return undefined;
  if (allowed === '*') return { kind: 'cors_wildcard', summary: 'allows * together with credentials' };
  if (allowed !== origin) return undefined;
  return {
    kind: 'cors_any_origin',
    summary: `allowed ${origin}, an origin that nobody knows, with credentials`,
  };
}

function listOf(header: string | undefined): string[] {
  return (header ?? '')
    .split(',')
    .map(item => item.trim().toLowerCase())
    .filter(item => item !== '');
}
