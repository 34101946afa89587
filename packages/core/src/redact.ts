/** What stands in the place of a secret. */
export const REDACTED = '[redacted]';

const SECRET_KEY =
  /(password|passphrase|passwd|secret)s?$|^(.*[-_])?(pass|pwd|authorization|cookie|credential|api[-_]?key|token|keyring|private[-_]?key)s?$/i;

const SECRET_TEXT: readonly (readonly [RegExp, string])[] = [
  [/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, REDACTED],
  [/\bhf_(rt|bg|ak)_[\w-]{16,}/g, `hf_$1_${REDACTED}`],
  // identities of age and of its plugins
  [/\bAGE-(SECRET-KEY|PLUGIN-[A-Z0-9-]+?)-1[A-Z0-9]{8,}/gi, `AGE-$1-${REDACTED}`],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${REDACTED}`],
  [/([?&](?:token|access_token|refresh_token|code|state|password)=)[^&\s"']+/gi, `$1${REDACTED}`],
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)[^\s@/]+@/gi, `$1${REDACTED}@`],
];

/** Whether a field name denotes a secret (`password`, `Authorization`, `client_secret`, …). */
export function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key.replaceAll(/([a-z])([A-Z])/g, '$1_$2'));
}

/** Replaces tokens, credentials in URLs, and Authorization values inside free text. */
export function redactText(text: string): string {
  return SECRET_TEXT.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), text);
}

/** A deep copy in which secret fields and secrets within strings are replaced. */
export function redact(value: unknown): unknown {
  if (typeof value === 'string') return redactText(value);
  if (Array.isArray(value)) return value.map(redact);
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, isSecretKey(key) ? REDACTED : redact(item)]),
  );
}

/** A connection URL whose password is replaced; `[invalid URL]` for text that is no URL. */
export function maskUrl(url: string): string {
  if (!URL.canParse(url)) return '[invalid URL]';
  const parsed = new URL(url);
  if (parsed.password !== '') parsed.password = '***';
  for (const key of parsed.searchParams.keys()) {
    if (isSecretKey(key)) parsed.searchParams.set(key, '***');
  }
  return parsed.href;
}
