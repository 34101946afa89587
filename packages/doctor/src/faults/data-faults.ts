import type { Fault, FaultContext } from '../engine/index.ts';
import { detailOf, nameOf } from './symptoms.ts';

function restoreEpochStep(context: FaultContext): string {
  const lost = context.outcomes('data.revocations').find(({ outcome }) => outcome === 'fail');
  const point = lost?.subject?.slice('point:'.length);
  const why =
    'It ends the sessions that were ended, and signs nobody else out; --dry-run shows what it would do.';
  if (point === undefined)
    return `Say which point in time the database was put back to: holdfast restore-epoch --restored-to TIME. ${why}`;
  return `Record what was lost: holdfast restore-epoch --restored-to ${point}. No row from before the loss is newer than that. ${why}`;
}

/** Rows that are gone. */
export const DATA_FAULTS: readonly Fault[] = [
  {
    code: 'database_rolled_back',
    layer: 'data',
    subject: 'database',
    summary: () =>
      'The database is older than the sessions that were ended: it was put back to an earlier state.',
    mechanism: context =>
      `An older copy or snapshot took its place, or it refused changes for a while, and Holdfast was not told. Sessions that were ended are let in again, and sessions that are newer than the database are answered 503 recovery_pending${detailOf(context, 'data.revocations')}.`,
    mustFail: ['data.revocations'],
    mayFail: [],
    mustPass: [],
    grade: 'direct',
    repair: context => ({
      risk: 'confirm',
      steps: [
        'Stop the servers, so that nobody uses a session that was ended: holdfast stop.',
        restoreEpochStep(context),
        'Start them again: holdfast start, or holdfast serve when it runs alone.',
      ],
      undo: 'None needed.',
    }),
  },
  {
    code: 'refresh_tokens_truncated',
    layer: 'data',
    subject: 'table:refresh_tokens',
    summary: () => 'The refresh tokens of signed-in users are gone from the database.',
    mechanism: context =>
      `Everything works until their access tokens expire; then their refresh fails and they are signed out${detailOf(context, 'data.session_families')}.`,
    mustFail: ['data.session_families'],
    mayFail: [],
    mustPass: [],
    grade: 'direct',
    repair: () => ({
      risk: 'confirm',
      steps: [
        'Restore the rows of refresh_tokens from the last backup before the access tokens expire.',
        'Find out who emptied the table: logs/postgres.log, and who can use the owner role.',
      ],
      undo: 'Delete the restored rows.',
    }),
  },
  {
    code: 'role_permissions_deleted',
    layer: 'data',
    subject: 'table:role_permissions',
    summary: () => 'No role grants any permission any more: the table role_permissions is empty.',
    mechanism: () =>
      'Administrators can sign in but are answered 403 to everything that asks for a permission; ordinary users notice nothing.',
    mustFail: ['data.grants'],
    mayFail: [],
    mustPass: [],
    grade: 'direct',
    repair: () => ({
      risk: 'safe',
      steps: [
        'Put the built-in grants back: holdfast seed built-in. It adds what is missing and changes nothing else.',
        'Restore the grants of your own roles from the last backup.',
      ],
      undo: 'Delete the added rows of role_permissions.',
    }),
  },
  {
    code: 'permission_not_granted',
    layer: 'data',
    subject: { of: 'data.permissions', general: 'permission' },
    summary: context =>
      `No role has the permission ${nameOf(context, 'in question')}, so nobody can use what asks for it.`,
    mechanism: () => 'The operations that ask for it answer 403 to everybody.',
    mustFail: ['data.permissions@$'],
    mayFail: [],
    mustPass: ['data.grants'],
    grade: 'direct',
    repair: () => ({
      risk: 'safe',
      steps: ['Put the built-in grants back: holdfast seed built-in, or grant the permission to a role.'],
      undo: 'Take the grant back.',
    }),
  },
  {
    code: 'built_in_role_missing',
    layer: 'data',
    subject: { of: 'data.roles', general: 'role' },
    summary: context => `The built-in role ${nameOf(context, 'in question')} is missing or disabled.`,
    mechanism: () => 'Whoever had it has lost its permissions; new accounts cannot be given it.',
    mustFail: ['data.roles@$'],
    mayFail: ['auth.login'],
    mustPass: [],
    grade: 'direct',
    repair: () => ({
      risk: 'safe',
      steps: [
        'Put it back: holdfast seed built-in.',
        'Restore who had it (user_roles) from the last backup.',
      ],
      undo: 'Delete the added rows.',
    }),
  },
];
