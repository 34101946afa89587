import type { FaultContext } from '../engine/index.ts';

/** What can fail in an API whose process is alive but whose foundation is not sound. */
export const API_SYMPTOMS = [
  'api.ready',
  'api.sound',
  'api.operations',
  'api.failures',
  'auth.sign_in',
  'auth.own_tokens',
  'proxy.reply',
  'auth.login',
  'auth.token',
  'auth.validate',
  'auth.refresh',
  'auth.old_token',
  'auth.logout',
  'auth.revocation',
] as const;

/** What can fail when no API process answers. */
export const API_GONE = ['api.port', 'api.responds', 'api.health', 'api.ready'] as const;

/** The part of the subject after its kind: `sessions` for `table:sessions`; `otherwise` while unknown. */
export function nameOf({ subject }: FaultContext, otherwise: string, before = ''): string {
  return subject === undefined ? otherwise : before + subject.slice(subject.indexOf(':') + 1);
}

/** The table of the column that a fault is about. */
export function ownerOf(context: FaultContext, otherwise: string): string {
  return context.subject === undefined
    ? otherwise
    : nameOf(context, '').replace(/\.(?:"(?:[^"]|"")+"|[^."]+)$/, '');
}

/** The detail of the first failure of a check, in brackets; nothing when it did not fail. */
export function detailOf({ outcomes }: FaultContext, check: string): string {
  const failed = outcomes(check).find(({ outcome }) => outcome === 'fail');
  return failed === undefined ? '' : ` (${failed.detail})`;
}

/** The process that a check about being scheduled found suspended; undefined when it found none. */
export function suspendedPid({ outcomes }: FaultContext, check: string): string | undefined {
  return outcomes(check)
    .find(({ outcome }) => outcome === 'fail')
    ?.subject?.slice('pid:'.length);
}

/** What the check that failed knows to help, as steps; `otherwise` when it knows nothing. */
export function remedyOf(
  { outcomes }: FaultContext,
  check: string,
  otherwise: readonly string[],
): readonly string[] {
  const failed = outcomes(check).find(({ outcome }) => outcome === 'fail');
  return failed?.remedy?.map(asStep) ?? otherwise;
}

/** What the check that failed knows to take its remedy back; `otherwise` when it knows nothing. */
export function undoOf({ outcomes }: FaultContext, check: string, otherwise: string): string {
  return outcomes(check).find(({ outcome }) => outcome === 'fail')?.undo ?? otherwise;
}

export const dropIndex = (context: FaultContext): string =>
  `drop index concurrently ${nameOf(context, '…')};`;

/** Of the triggers of a constraint only PostgreSQL knows the names. */
export function switchOff(context: FaultContext): string {
  return context.subject?.startsWith('trigger:') === true
    ? `alter table ${ownerOf(context, '')} disable trigger ${nameOf(context, '').slice(ownerOf(context, '').length + 1)};`
    : 'Switch it off again.';
}

/** Prose becomes a sentence; statements stay as they are, and so do names: another case makes another one of them. */
function asStep(line: string): string {
  if (!line.startsWith('-- ')) return line;
  const prose = line.slice('-- '.length);
  return /^[a-z]+[ ,]/.test(prose) ? prose.charAt(0).toUpperCase() + prose.slice(1) : prose;
}
