/** A Set-Cookie header as RFC 6265bis section 5.6 parses it. */
export interface BrowserCookie {
  readonly name: string;
  readonly value: string;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  /** In lower case; undefined when it is not given. */
  readonly sameSite: string | undefined;
  /** As given, without a leading dot; undefined for this very host. */
  readonly domain: string | undefined;
  readonly path: string;
  /** Whether the header removes the cookie instead. */
  readonly removes: boolean;
}

/** Undefined for a header that every browser ignores as a whole. */
export function parseSetCookie(header: string, url: string): BrowserCookie | undefined {
  const [pair = '', ...rest] = header.split(';');
  const at = pair.indexOf('=');
  if (at < 1) return undefined;
  const attributes = new Map(
    rest.map(part => {
      const equals = part.indexOf('=');
      const name = (equals === -1 ? part : part.slice(0, equals)).trim().toLowerCase();
      return [name, equals === -1 ? '' : part.slice(equals + 1).trim()] as const;
    }),
  );
  const domain = attributes.get('domain')?.replace(/^\./, '').toLowerCase();
  const path = attributes.get('path');
  return {
    name: pair.slice(0, at).trim(),
    value: pair.slice(at + 1).trim(),
    secure: attributes.has('secure'),
    httpOnly: attributes.has('httponly'),
    sameSite: attributes.get('samesite')?.toLowerCase(),
    domain: domain === '' ? undefined : domain,
    path: path?.startsWith('/') === true ? path : defaultPath(url),
    removes: isOver(attributes),
  };
}

function isOver(attributes: ReadonlyMap<string, string>): boolean {
  const maxAge = attributes.get('max-age');
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return Number(maxAge) <= 0;
  const expires = Date.parse(attributes.get('expires') ?? '');
  return !Number.isNaN(expires) && expires < EARLY;
}

/** Before any session could end: servers remove cookies with a date such as 1970. */
const EARLY = Date.UTC(2000, 0, 1);

/** RFC 6265 section 5.1.4: the directory of the request. */
function defaultPath(url: string): string {
  const { pathname } = new URL(url);
  const last = pathname.lastIndexOf('/');
  return last <= 0 ? '/' : pathname.slice(0, last);
}

/** RFC 6265 section 5.1.4 */
export function pathMatches(cookiePath: string, requestPath: string): boolean {
  if (cookiePath === requestPath) return true;
  if (!requestPath.startsWith(cookiePath)) return false;
  return cookiePath.endsWith('/') || requestPath[cookiePath.length] === '/';
}

/** RFC 6265 section 5.1.3 */
export function domainMatches(domain: string, host: string): boolean {
  return host === domain || (host.endsWith(`.${domain}`) && !/^[\d.]+$|:/.test(host));
}

/** Addresses that browsers trust without TLS: Chrome and Firefox keep Secure cookies from them. */
export function isLoopback(host: string): boolean {
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    /^127\.\d+\.\d+\.\d+$/.test(host) ||
    host === '[::1]'
  );
}

/** Why a browser does not keep a cookie of this URL; undefined when it does. */
export function refusal(cookie: BrowserCookie, url: string): string | undefined {
  const { protocol, hostname } = new URL(url);
  const trusted = protocol === 'https:' || isLoopback(hostname);
  if (cookie.secure && !trusted) return 'it is Secure, and the address is http:';
  if (cookie.sameSite === 'none' && !cookie.secure) return 'it has SameSite=None without Secure';
  if (cookie.domain !== undefined && !domainMatches(cookie.domain, hostname)) {
    return `its Domain ${cookie.domain} is not that of ${hostname}`;
  }
  if (Buffer.byteLength(cookie.name) + Buffer.byteLength(cookie.value) > 4_096)
    return 'it is longer than 4096 bytes';
  return prefixRefusal(cookie);
}

/** RFC 6265bis section 4.1.3 */
function prefixRefusal({ name, secure, domain, path }: BrowserCookie): string | undefined {
  const lower = name.toLowerCase();
  if (lower.startsWith('__secure-')) return secure ? undefined : 'its prefix __Secure- asks for Secure';
  if (!lower.startsWith('__host-')) return undefined;
  if (!secure) return 'its prefix __Host- asks for Secure';
  if (domain !== undefined) return 'its prefix __Host- forbids Domain';
  return path === '/' ? undefined : 'its prefix __Host- asks for Path=/';
}
