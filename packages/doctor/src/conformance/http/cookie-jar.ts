import {
  type BrowserCookie,
  domainMatches,
  isLoopback,
  parseSetCookie,
  pathMatches,
  refusal,
} from './browser-cookie.ts';
import type { ApiAnswer } from './exchange.ts';

/** Keeps cookies as a browser does, and sends them only where a browser would. */
export interface CookieJar {
  keep(answer: ApiAnswer): void;
  /** The Cookie header for a URL; undefined when there is none. */
  header(url: string): string | undefined;
  value(name: string): string | undefined;
  readonly cookies: readonly BrowserCookie[];
  clear(): void;
}

interface Kept {
  readonly cookie: BrowserCookie;
  readonly host: string;
}

export function createCookieJar(): CookieJar {
  const kept = new Map<string, Kept>();
  return {
    keep: answer => {
      const { url } = answer.request;
      const { hostname } = new URL(url);
      for (const header of answer.setCookies) {
        const cookie = parseSetCookie(header, url);
        if (cookie === undefined || refusal(cookie, url) !== undefined) continue;
        const key = `${cookie.name} ${cookie.domain ?? hostname} ${cookie.path}`;
        if (cookie.removes) kept.delete(key);
        else kept.set(key, { cookie, host: hostname });
      }
    },
    header: url => {
      const sent = [...kept.values()].filter(item => isSent(item, new URL(url)));
      return sent.length === 0
        ? undefined
        : sent.map(({ cookie }) => `${cookie.name}=${cookie.value}`).join('; ');
    },
    value: name => [...kept.values()].find(({ cookie }) => cookie.name === name)?.cookie.value,
    get cookies() {
      return [...kept.values()].map(({ cookie }) => cookie);
    },
    clear: () => kept.clear(),
  };
}

function isSent({ cookie, host }: Kept, { hostname, pathname, protocol }: URL): boolean {
  const here = cookie.domain === undefined ? host === hostname : domainMatches(cookie.domain, hostname);
  const allowed = !cookie.secure || protocol === 'https:' || isLoopback(hostname);
  return here && allowed && pathMatches(cookie.path, pathname);
}
