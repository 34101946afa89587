import type { Fault, FaultContext } from '../engine/index.ts';
import { API_SYMPTOMS, detailOf, nameOf, remedyOf } from './symptoms.ts';

function restoreEpochStep(context: FaultContext): string {
  const lost = context.outcomes('data.revocations').find(({ outcome }) => outcome === 'fail');
  const point = lost?.subject?.slice('point:'.length);
  const why =
    'It ends the sessions that were ended, and signs nobody else out; --dry-run shows what it would do.';
  if (point === undefined)
    return `Say which point in time the database was put back to: holdfast restore-epoch --restored-to TIME. ${why}`;
  return `Record what was lost: holdfast restore-epoch --restored-to ${point}. No row from before the loss is newer than that. ${why}`;
}

/** Lets sessions go on that were ended since the first one of which the audit log knows nothing. */
function reviveSteps({ outcomes }: FaultContext): string[] {
  const failed = outcomes('data.ended_sessions').find(({ outcome }) => outcome === 'fail');
  const first = failed?.subject?.slice('point:'.length) ?? 'TIME';
  return [
    `If not, let them go on, as the owner of the tables: update sessions set revoked_at = null, revoked_by = null, revocation_reason = null where revoked_at >= '${first}' and not exists (select from audit_log where subject_type = 'session' and subject_id = sessions.id::text and action in ('session.revoked', 'session.reuse_detected'));`,
    `update refresh_tokens set revoked_at = null where revoked_at >= '${first}' and session_id in (select id from sessions where revoked_at is null);`,
  ];
}

/** Users of a Holdfast are of little use to those who were signed in without their sessions. */
function withSessions({ subject }: FaultContext, steps: readonly string[]): readonly string[] {
  if (subject !== 'table:users') return steps;
  return steps.map(step =>
    step.replace(
      /(--table '?(?:[^' ]*,)?(?:public\.)?users)(?=[,' ])/,
      '$1,public.sessions,public.refresh_tokens',
    ),
  );
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
    code: 'sessions_ended_outside',
    layer: 'data',
    subject: 'table:sessions',
    summary: context =>
      `Sessions were ended in the database itself, past Holdfast${detailOf(context, 'data.ended_sessions')}.`,
    mechanism: () =>
      'A statement marked them as revoked. Their tokens are refused at once, and their users have to sign in again.',
    mustFail: ['data.ended_sessions'],
    mayFail: [],
    mustPass: [],
    grade: 'direct',
    repair: context => ({
      risk: 'confirm',
      steps: [
        'Find out who did it, and whether they meant to: logs/postgres.log, and who can use the owner role. If they did, nothing is broken.',
        ...reviveSteps(context),
        'Restart the servers, which remember ended sessions.',
      ],
      undo: 'End them again through the API, as an administrator: it writes the revocation journal as well.',
    }),
  },
  {
    code: 'table_emptied',
    layer: 'data',
    subject: { of: 'data.emptied', general: 'table' },
    summary: context => `The table ${nameOf(context, 'in question')} has lost all of its rows.`,
    mechanism: context =>
      `It was truncated, or everything in it deleted; the table itself is sound${detailOf(context, 'data.emptied')}. People are answered as if their accounts, passwords or roles had never been.`,
    mustFail: ['data.emptied@$'],
    mayFail: API_SYMPTOMS,
    mustPass: [],
    grade: 'direct',
    repair: context => ({
      risk: 'confirm',
      steps: [
        `Bring them back from the last backup: holdfast restore --table ${nameOf(context, 'TABLE')} --with-parents shows what would come, and does it with --yes; with --to-time TIME as of a later moment. What hung on them comes back the same way.`,
        'Find out who emptied it: logs/postgres.log, and who can use the owner role.',
      ],
      undo: 'holdfast restore ID --undo --yes, with the id that the restore has printed.',
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
    mayFail: ['data.rows@table:refresh_tokens'],
    mustPass: [],
    grade: 'direct',
    repair: () => ({
      risk: 'confirm',
      steps: [
        'Bring them back from the last backup before the access tokens expire: holdfast restore --table refresh_tokens --with-parents --to-time TIME shows what would come, and does it with --yes.',
        'Find out who emptied the table: logs/postgres.log, and who can use the owner role.',
      ],
      undo: 'holdfast restore ID --undo --yes, with the id that the restore has printed.',
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
    mayFail: ['data.rows@table:role_permissions'],
    mustPass: [],
    grade: 'direct',
    repair: () => ({
      risk: 'safe',
      steps: [
        'Bring the grants back from the last backup, with those of your own roles: holdfast restore --table role_permissions --with-parents --yes.',
        'Put back what is still missing, or all built-in ones where there is no backup: holdfast seed built-in. It adds what is missing and changes nothing else.',
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
    mayFail: [
      'auth.login',
      'data.rows@table:roles',
      'data.rows@table:role_permissions',
      'data.rows@table:user_roles',
    ],
    mustPass: [],
    grade: 'direct',
    repair: () => ({
      risk: 'safe',
      steps: [
        'Put it back: holdfast seed built-in.',
        'Bring back who had it from the last backup: holdfast restore --table user_roles --with-parents --yes.',
      ],
      undo: 'Delete the added rows.',
    }),
  },
  {
    code: 'rows_lost',
    layer: 'data',
    subject: { of: 'data.rows', general: 'table' },
    summary: context => `The table ${nameOf(context, 'in question')} has lost rows.`,
    mechanism: context =>
      `Somebody or something deleted them; whoever needs them is answered as if they had never been${detailOf(context, 'data.rows')}.`,
    mustFail: ['data.rows@$'],
    mayFail: API_SYMPTOMS,
    mustPass: [],
    grade: 'differential',
    repair: context => ({
      risk: 'confirm',
      steps: withSessions(
        context,
        remedyOf(context, 'data.rows', [
          `Bring them back from the last backup that has them. From one of Holdfast's: holdfast restore --table ${nameOf(context, 'TABLE')} --with-parents, which shows what would come, and does it with --yes.`,
        ]),
      ),
      undo: 'holdfast restore ID --undo --yes, with the id that the restore has printed.',
    }),
  },
  {
    code: 'rows_without_parent',
    layer: 'data',
    subject: { of: 'data.references', general: 'table' },
    summary: context =>
      `Rows refer to rows of the table ${nameOf(context, 'in question')} that are not there, though foreign keys forbid it.`,
    mechanism: context =>
      `They were written while their keys were not enforced, or their parents were lost beneath them. Part of the users meets errors, the others notice nothing${detailOf(context, 'data.references')}.`,
    mustFail: ['data.references@$'],
    mayFail: API_SYMPTOMS,
    mustPass: [],
    grade: 'direct',
    repair: context => ({
      risk: 'confirm',
      steps: remedyOf(context, 'data.references', [
        'Find the rows, and bring their parents back from a backup or put them aside.',
      ]),
      undo: 'Insert what was put aside again.',
    }),
  },
  {
    code: 'duplicate_keys',
    layer: 'data',
    subject: { of: 'data.uniqueness', general: 'index' },
    summary: context =>
      `Several rows have one key, though the index ${nameOf(context, 'in question')} forbids it.`,
    mechanism: context =>
      `The index is damaged or its order of text has changed, so it no longer finds what it should refuse${detailOf(context, 'data.uniqueness')}.`,
    mustFail: ['data.uniqueness@$'],
    mayFail: API_SYMPTOMS,
    mustPass: [],
    grade: 'direct',
    repair: context => ({
      risk: 'confirm',
      steps: remedyOf(context, 'data.uniqueness', ['Keep one row of each key, then rebuild the index.']),
      undo: 'Bring the deleted rows back from a backup.',
    }),
  },
  {
    code: 'sequence_behind',
    layer: 'data',
    subject: { of: 'data.sequences', general: 'sequence' },
    summary: context =>
      `The sequence ${nameOf(context, 'in question')} gives numbers that are taken already.`,
    mechanism: context =>
      `Rows were loaded with their keys, as by a restore, and the sequence was not moved on: the next insert fails with 23505${detailOf(context, 'data.sequences')}.`,
    mustFail: ['data.sequences@$'],
    mayFail: API_SYMPTOMS,
    mustPass: [],
    grade: 'direct',
    repair: context => ({
      risk: 'safe',
      steps: remedyOf(context, 'data.sequences', [
        'Move it on with setval to the highest value of its column.',
      ]),
      undo: 'None needed: a sequence may skip numbers.',
    }),
  },
];
