import { type BrowserCookie, parseSetCookie, pathMatches, refusal } from '../http/browser-cookie.ts';
import type { ApiAnswer } from '../http/exchange.ts';
import type { Verdict } from '../report/collect-findings.ts';

export interface CookieExpectations {
  /** The path, with that of the API, that the refresh cookie must reach; undefined when none is known. */
  readonly refreshPath: string | undefined;
  /** The name of the refresh cookie; by default one that holds "refresh". */
  readonly refreshCookie: string | undefined;
}

/** What a browser makes of the cookies of an answer. */
export function judgeCookies(answer: ApiAnswer, expectations: CookieExpectations): Verdict[] {
  const { url } = answer.request;
  return answer.setCookies.flatMap(header => {
    const cookie = parseSetCookie(header, url);
    if (cookie === undefined) {
      return [{ kind: 'cookie_refused', summary: 'sets a cookie without a name' } satisfies Verdict];
    }
    const why = refusal(cookie, url);
    if (why !== undefined) {
      return [
        {
          kind: 'cookie_refused',
          summary: `sets ${cookie.name}, which browsers refuse: ${why}`,
        } satisfies Verdict,
      ];
    }
    return unsent(cookie, expectations);
  });
}

function unsent(cookie: BrowserCookie, { refreshPath, refreshCookie }: CookieExpectations): Verdict[] {
  const isRefresh =
    refreshCookie === undefined ? /refresh/i.test(cookie.name) : cookie.name === refreshCookie;
  if (!isRefresh || refreshPath === undefined || cookie.removes || pathMatches(cookie.path, refreshPath))
    return [];
  return [
    {
      kind: 'cookie_unsent',
      summary: `sets ${cookie.name} with Path=${cookie.path}, which never reaches ${refreshPath}`,
    },
  ];
}
