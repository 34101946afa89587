import type { FaultContext } from '../engine/index.ts';

/** What can fail in an API whose process is alive but whose foundation is not sound. */
export const API_SYMPTOMS = [
  'api.ready',
  'api.operations',
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
