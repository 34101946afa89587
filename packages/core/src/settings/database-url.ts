const PROTOCOLS = ['postgresql:', 'postgres:'];
/** Those of libpq, and what the driver calls `require` without any certificate. */
const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'];

/**
 * What is wrong with the URL of a PostgreSQL database, as the end of a sentence that begins with its setting or option, and
 * without a word of the URL itself. Undefined when a client can use it (PostgreSQL manual, Connection URIs).
 */
export function databaseUrlProblem(text: string): string | undefined {
  if (!URL.canParse(text)) return 'must be a URL; special characters in the password are percent-encoded';
  const url = new URL(text);
  if (!PROTOCOLS.includes(url.protocol)) return 'must start with postgresql:// or postgres://';
  const parts = {
    'user name': url.username,
    password: url.password,
    host: url.hostname,
    'database name': url.pathname,
    parameter: url.search,
  };
  const unreadable = Object.entries(parts).find(([, part]) => !canDecode(part))?.[0];
  if (unreadable !== undefined) {
    return `has a ${unreadable} that is not percent-encoded UTF-8; a percent sign of its own is written %25`;
  }
  return sslProblem(url.searchParams);
}

function canDecode(part: string): boolean {
  try {
    decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}

function sslProblem(parameters: URLSearchParams): string | undefined {
  const mode = parameters.get('sslmode');
  if (mode === null) return undefined;
  if (!SSL_MODES.includes(mode)) return `has an sslmode that is none of ${SSL_MODES.join(', ')}`;
  if (mode === 'verify-ca' && !parameters.has('sslrootcert')) {
    return 'has sslmode=verify-ca without sslrootcert=FILE, the certificate of the authority; verify-full does without, by the public ones';
  }
  return undefined;
}
