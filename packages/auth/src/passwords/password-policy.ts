import { HoldfastError } from '@holdfast/core';
import { COMMON_PASSWORDS } from './common-passwords.ts';

/** NIST SP 800-63B-4 section 3.1.1: at least 15 characters when the password is the only factor, 8 beside another. */
export const MIN_PASSWORD_LENGTH = { alone: 15, withMfa: 8 } as const;
/** The longest accepted password, in code points; bounds the work of hashing. */
export const MAX_PASSWORD_LENGTH = 256;

export type PasswordProblem = 'too_short' | 'too_long' | 'too_common' | 'contains_identity';

export interface PasswordContext {
  readonly email: string;
  readonly displayName?: string | undefined;
  readonly mfa?: boolean;
}

const MESSAGES: Readonly<Record<PasswordProblem, string>> = {
  too_short: `The password is too short: use at least ${MIN_PASSWORD_LENGTH.alone} characters; several words are easiest.`,
  too_long: `The password is too long: use at most ${MAX_PASSWORD_LENGTH} characters.`,
  too_common: 'The password is built from words that are guessed first. Choose less common ones.',
  contains_identity: 'The password is little more than your own name or e-mail address.',
};

/**
 * What speaks against a password; undefined when nothing does. Counts code points, knows no composition rules, and
 * looks for common passwords after undoing the usual decorations.
 */
export function passwordProblem(password: string, context: PasswordContext): PasswordProblem | undefined {
  const length = [...password.normalize('NFKC')].length;
  if (length < (context.mfa ? MIN_PASSWORD_LENGTH.withMfa : MIN_PASSWORD_LENGTH.alone)) return 'too_short';
  if (length > MAX_PASSWORD_LENGTH) return 'too_long';
  if (isCommon(password)) return 'too_common';
  return containsIdentity(password, context) ? 'contains_identity' : undefined;
}

/** @throws HoldfastError `password_rejected` with the reason in `details.reason`. */
export function assertPassword(password: string, context: PasswordContext): void {
  const reason = passwordProblem(password, context);
  if (reason !== undefined)
    throw new HoldfastError('password_rejected', MESSAGES[reason], { details: { reason } });
}

const LEET: Readonly<Record<string, string>> = {
  0: 'o',
  1: 'l',
  3: 'e',
  4: 'a',
  5: 's',
  7: 't',
  $: 's',
  '@': 'a',
  '!': 'i',
};

/** Common alone, repeated (`abcabcabcabcabc`), a run of neighbours (`123456789012345`), or common with decoration around it. */
function isCommon(password: string): boolean {
  const lower = password.normalize('NFKC').toLowerCase();
  if (isRun(lower)) return true;
  const candidates = [lower, undecorated(lower), undecorated(fromLeet(lower)), fromLeet(undecorated(lower))];
  return candidates.some(candidate => candidate === '' || COMMON_PASSWORDS.has(repeatedUnit(candidate)));
}

/** Without the digits and signs at both ends: `!!Welcome2024` → `welcome`. */
function undecorated(text: string): string {
  return text.replace(/^[^\p{L}]+/u, '').replace(/[^\p{L}]+$/u, '');
}

function fromLeet(text: string): string {
  return text.replaceAll(/[013457$@!]/g, sign => LEET[sign] ?? sign);
}

/** The shortest text that gives this one when repeated: `abcabc` → `abc`; separators between words do not count. */
function repeatedUnit(text: string): string {
  const joined = text.replaceAll(/[\s._-]+/g, '');
  const unit = /^(.+?)\1*$/u.exec(joined)?.[1];
  return unit ?? joined;
}

/** One character again and again, or each the neighbour of the one before. */
function isRun(text: string): boolean {
  const steps = [...text].map((character, index, all) => {
    const previous = all[index - 1];
    return previous === undefined
      ? undefined
      : (character.codePointAt(0) ?? 0) - (previous.codePointAt(0) ?? 0);
  });
  const usual = steps.filter(
    step => step === 0 || step === 1 || step === -1 || step === -9 || step === 9,
  ).length;
  return usual >= text.length - 2;
}

function containsIdentity(password: string, { email, displayName }: PasswordContext): boolean {
  const lower = password.toLowerCase();
  const names = [email, email.split('@')[0] ?? '', ...(displayName ?? '').split(/\s+/), displayName ?? ''];
  return names
    .map(name => name.trim().toLowerCase())
    .filter(name => name.length >= 4)
    .some(name => lower.includes(name) && [...lower.replaceAll(name, '')].length < 8);
}
