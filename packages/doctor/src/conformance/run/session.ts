import { type ApiAccess, basicToken, type SignIn, secretsOf } from '../api-access.ts';
import { pointerParts, valueAt } from '../document/json-pointer.ts';
import { type CookieJar, createCookieJar } from '../http/cookie-jar.ts';
import { type ApiAnswer, type ApiRequest, type Exchange, jsonOf } from '../http/exchange.ts';
import { redirectTarget } from '../judge/judge-redirect.ts';

/** The credentials of a run. */
export interface Session {
  readonly access: ApiAccess;
  /** Why there are none; undefined when there are some. */
  readonly missing: string | undefined;
  /** Headers that let a request in. */
  headers(method: string, url: string): Record<string, string>;
  /** Signs in, if that is how to get in; does nothing otherwise. @returns the exchanges, the redirected one first */
  signIn(send: (request: ApiRequest) => Promise<Exchange>): Promise<readonly Exchange[]>;
  keep(answer: ApiAnswer): void;
  /** What must not be shown, tokens and cookies of this run included. */
  secrets(): string[];
}

const REDIRECTS = 3;

export function createSession(access: ApiAccess, base: string): Session {
  const jar = createCookieJar();
  let token: string | undefined;
  let missing = access.kind === 'none' ? 'no credentials were given' : undefined;
  return {
    access,
    get missing() {
      return missing;
    },
    headers: (method, url) => headersOf(access, { jar, token, method, url }),
    keep: answer => jar.keep(answer),
    secrets: () => [
      ...secretsOf(access),
      ...(token === undefined ? [] : [token]),
      ...jar.cookies.map(cookie => cookie.value),
    ],
    signIn: async send => {
      if (access.kind !== 'sign-in') return [];
      jar.clear();
      const exchanges = await askToSignIn(access.signIn, base, send);
      const last = exchanges.at(-1);
      if (last?.result === 'answered') jar.keep(last);
      token = last === undefined ? undefined : tokenOf(access.signIn, last);
      missing = whyNot(access.signIn, last, token, jar);
      return exchanges;
    },
  };
}

interface Inside {
  readonly jar: CookieJar;
  readonly token: string | undefined;
  readonly method: string;
  readonly url: string;
}

function headersOf(access: ApiAccess, { jar, token, method, url }: Inside): Record<string, string> {
  switch (access.kind) {
    case 'none':
      return {};
    case 'bearer':
      return { authorization: `Bearer ${access.token}` };
    case 'basic':
      return { authorization: `Basic ${basicToken(access.username, access.password)}` };
    case 'header':
      return { [access.name.toLowerCase()]: access.value };
    case 'cookie':
      return { cookie: access.cookie };
    case 'sign-in': {
      const { header = 'authorization', prefix = 'Bearer ' } = access.signIn;
      if (token !== undefined) return { [header.toLowerCase()]: `${prefix}${token}` };
      const cookie = jar.header(url);
      return { ...(cookie === undefined ? {} : { cookie }), ...csrfHeader(access.signIn, jar, method) };
    }
  }
}

function csrfHeader({ csrf }: SignIn, jar: CookieJar, method: string): Record<string, string> {
  const value = csrf === undefined ? undefined : jar.value(csrf.cookie);
  if (csrf === undefined || value === undefined || method === 'GET' || method === 'HEAD') return {};
  return { [csrf.header.toLowerCase()]: value };
}

/** Follows redirects with the same request: that they lose it is a finding, and the rest wants to be examined all the same. */
async function askToSignIn(
  signIn: SignIn,
  base: string,
  send: (request: ApiRequest) => Promise<Exchange>,
): Promise<Exchange[]> {
  const { method = 'POST', path, body, form, headers = {} } = signIn;
  const exchanges: Exchange[] = [];
  let url: string | undefined = `${base}${path}`;
  while (url !== undefined && exchanges.length <= REDIRECTS) {
    const exchange: Exchange = await send({
      method,
      url,
      headers: {
        accept: 'application/json',
        'content-type': form === true ? 'application/x-www-form-urlencoded' : 'application/json',
        ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
      },
      body: form === true ? new URLSearchParams(texts(body)).toString() : JSON.stringify(body),
    });
    exchanges.push(exchange);
    const to: URL | undefined = exchange.result === 'answered' ? redirectTarget(exchange) : undefined;
    url = to !== undefined && to.origin === new URL(url).origin ? to.href : undefined;
  }
  return exchanges;
}

function texts(body: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(body).map(([key, value]) => [key, String(value)]));
}

function tokenOf({ token }: SignIn, exchange: Exchange): string | undefined {
  if (token === undefined || exchange.result !== 'answered') return undefined;
  const found = valueAt(jsonOf(exchange), pointerParts(token) ?? [token]);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

function whyNot(
  signIn: SignIn,
  last: Exchange | undefined,
  token: string | undefined,
  jar: CookieJar,
): string | undefined {
  if (last === undefined || last.result !== 'answered') return 'the sign-in got no answer';
  if (last.status < 200 || last.status > 299) return `the sign-in was answered ${last.status}`;
  if (signIn.token !== undefined && token === undefined)
    return `the answer to the sign-in has no text at ${signIn.token}`;
  if (signIn.token === undefined && jar.cookies.length === 0) {
    return last.setCookies.length === 0
      ? 'the answer to the sign-in sets no cookie'
      : 'browsers keep no cookie of the answer to the sign-in';
  }
  return undefined;
}
