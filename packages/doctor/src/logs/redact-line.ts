import { redact, redactText } from '@holdfast/core';

const EMAIL = /[^\s@"'<>=&?/,:;]+(?:@|%40)[^\s@"'<>&/,:;]+\.[a-z]{2,}/gi;
const QUERY = /([?&][\w.[\]%-]{1,64}=)[^&\s"']+/g;
const SECRET_PAIR =
  /\b((?:\w*(?:password|passwd|secret|token|api[-_]?key|authorization|cookie|session(?:id)?))["']?\s*[=:]\s*["']?)(?!\[redacted\])[^\s"',;&}]+/gi;
const OPAQUE = /(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])(?![0-9a-f]{8}-[0-9a-f]{4}-)[\w-]{24,}(?![\w-])/gi;
const MAX_LENGTH = 240;

/**
 * One line of a log as it may be shown: without tokens, passwords, values of queries, e-mail addresses and control
 * characters, at most 240 characters. Lines of JSON lose their secret fields by name.
 */
export function redactLine(line: string): string {
  const text = redactFields(line);
  return cleanText(text, MAX_LENGTH);
}

/** Like {@link redactLine}, of a text that is no whole line. */
export function cleanText(text: string, maxLength = MAX_LENGTH): string {
  const clean = redactText(text)
    .replace(QUERY, '$1…')
    .replace(SECRET_PAIR, '$1[redacted]')
    .replace(EMAIL, '[e-mail address]')
    .replace(OPAQUE, '[opaque]')
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim();
  return clean.length <= maxLength ? clean : `${clean.slice(0, maxLength - 1)}…`;
}

function redactFields(line: string): string {
  if (!line.startsWith('{')) return line;
  try {
    return JSON.stringify(redact(JSON.parse(line)));
  } catch {
    return line;
  }
}
