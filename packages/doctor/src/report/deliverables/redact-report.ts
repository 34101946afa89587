import { REDACTED, redact, redactText } from '@holdfast/core';

const EMAIL_ADDRESS = '[e-mail address]';

/** `user@host` of a database URL is no person. */
const EMAIL =
  /(?<!(?:postgres(?:ql)?|rediss?):\/\/[^\s/]*)[^\s@"'`<>=&?/,:;()[\]{}|]+(?:@|%40)[^\s@"'`<>=&?/,:;()[\]{}|]+\.[a-z]{2,}/gi;
/** A password may hold `@` as it is, and that of a database `/`, too. */
const URL_PASSWORDS: readonly RegExp[] = [
  /(\b(?:postgres(?:ql)?|rediss?|mysql|mongodb(?:\+srv)?|amqps?):\/\/[^\s:/@]*:)[^\s"'`]*@/gi,
  /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)[^\s/"'`]*@/gi,
];
const SECRET_PAIR =
  /\b(\w*(?:password|passwd|passphrase|secret|token|api[-_]?key|private[-_]?key|authorization|cookie|pepper)["']?\s*[=:]\s*["']?)(?!\[redacted\])[^\s"',;&})]+/gi;
const SQL_PASSWORD = /(\bpassword\s+)'(?:[^']|'')*'/gi;
/** What PostgreSQL quotes of rows and parameters in its messages. */
const SQL_DETAILS: readonly (readonly [RegExp, string])[] = [
  [/(\bKey \((?:[^()]|\([^()]*\))*\)=)\((?:[^()]|\([^()]*\))*\)/g, '$1(…)'],
  [/(\bFailing row contains )\(.*\)/gs, '$1(…)'],
  [/(\$\d+ = )'(?:[^']|'')*'/g, "$1'…'"],
  [/(\binvalid input (?:syntax|value) for [^:\n]*: )"[^"\n]*"/g, '$1"…"'],
];
/** Long runs with a long part that mixes cases and digits: keys and tokens, never names or ids with a time. */
const OPAQUE = /(?<![\w/+-])[\w/+-]{28,}={0,2}(?![\w-])/g;
const MIXED = /^(?=.*\d)(?=.*[a-z])(?=.*[A-Z]).{12,}$/;
const DIGEST = /(?<![\w-])[0-9a-f]{32,}(?![\w-])/gi;

/** A text as a report may show it: without credentials, tokens, e-mail addresses, and values of rows. */
export function redactReportText(text: string): string {
  const urls = URL_PASSWORDS.reduce((result, pattern) => result.replace(pattern, `$1${REDACTED}@`), text);
  const rows = SQL_DETAILS.reduce(
    (result, [pattern, replacement]) => result.replace(pattern, replacement),
    redactText(urls),
  );
  return rows
    .replace(SQL_PASSWORD, `$1'${REDACTED}'`)
    .replace(SECRET_PAIR, `$1${REDACTED}`)
    .replace(EMAIL, EMAIL_ADDRESS)
    .replace(OPAQUE, run => (run.split(/[-_/+=]/).some(part => MIXED.test(part)) ? '[opaque]' : run))
    .replace(DIGEST, '[opaque]');
}

/** Fields that hold SQL as somebody ran it: its literals are data. */
const SQL_FIELDS = new Set(['query', 'statement']);

/** A deep copy of plain data with every text redacted, and secret fields replaced by name. */
export function redactReport<T>(value: T): T {
  return redactDeep(redact(value), undefined) as T;
}

function redactDeep(value: unknown, key: string | undefined): unknown {
  if (typeof value === 'string') {
    const text =
      key !== undefined && SQL_FIELDS.has(key) ? value.replaceAll(/'(?:[^']|'')*'?/g, "'…'") : value;
    return redactReportText(text);
  }
  if (Array.isArray(value)) return value.map(item => redactDeep(item, key));
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [redactReportText(name), redactDeep(item, name)]),
  );
}
