import type { ApiAnswer } from '../http/exchange.ts';
import type { Verdict } from '../report/collect-findings.ts';

/** Where a redirect leads, absolute; undefined when the answer is none. */
export function redirectTarget({ status, headers, request }: ApiAnswer): URL | undefined {
  const { location } = headers;
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return undefined;
  return URL.canParse(location, request.url) ? new URL(location, request.url) : undefined;
}

/**
 * What is wrong with a redirect of a declared path; undefined for one that may be meant. `changes` tells whether the path
 * has operations that change something: what a browser then loses is the request itself.
 */
export function judgeRedirect(answer: ApiAnswer, changes: boolean): Verdict | undefined {
  const to = redirectTarget(answer);
  if (to === undefined) return undefined;
  const from = new URL(answer.request.url);
  const { status } = answer;
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    return { kind: 'redirect_downgrade', summary: `answered ${status} to ${to.origin}, without TLS` };
  }
  if (from.origin === to.origin && from.pathname === to.pathname && from.search === to.search) {
    return { kind: 'redirect_loop', summary: `answered ${status} to itself` };
  }
  if (to.pathname !== from.pathname && withoutSlash(to.pathname) === withoutSlash(from.pathname)) {
    const loss = changes && status < 307 ? '; a POST becomes a GET on the way' : '';
    return { kind: 'redirect_slash', summary: `answered ${status} to ${to.pathname}${loss}` };
  }
  return undefined;
}

function withoutSlash(path: string): string {
  return path.replace(/\/+$/, '');
}
