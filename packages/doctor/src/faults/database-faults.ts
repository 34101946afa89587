import type { Fault, FaultContext } from '../engine/index.ts';
import { API_SYMPTOMS, detailOf, nameOf, remedyOf, suspendedPid } from './symptoms.ts';

const RESTART =
  'restart it: holdfast stop, then holdfast start for the embedded PostgreSQL, pg_ctl restart -m fast or the service manager for another one. Transactions in flight are lost, nothing that was committed is.';

/** A database of another machine, or one that nothing holds, cannot be named: then the way to it is. */
export function stepsWhenHung(context: FaultContext, restart: string): string[] {
  const pid = suspendedPid(context, 'database.scheduled');
  if (pid !== undefined) {
    return [
      `Let PostgreSQL go on: kill -CONT ${pid}. If its sessions were suspended as well: pkill -CONT -P ${pid}.`,
      `If it does not answer then, ${restart}`,
    ];
  }
  return [
    'On the machine of PostgreSQL see whether its first process is suspended: ps -C postgres -o pid,ppid,stat,args; state T in the line of the process that names the data directory. If so: kill -CONT and its pid.',
    'Otherwise look for a processor or a disk that is busy to the full (top, iostat) and for the last lines of its log; it answers again by itself when that is over.',
    `If it does not, ${restart}`,
  ];
}

/** PostgreSQL that is gone, stuck, or does not let us in. */
export const DATABASE_FAULTS: readonly Fault[] = [
  {
    code: 'database_stopped',
    layer: 'database',
    subject: 'database',
    summary: () => 'PostgreSQL, the database server, is not running.',
    mechanism: () =>
      'Whatever needs the database is answered with 503 until it is back. Nobody is signed out by this, and no data is lost by it.',
    mustFail: ['database.port', 'database.cluster'],
    mayFail: ['process.stable', ...API_SYMPTOMS],
    mustPass: [],
    grade: 'direct',
    repair: () => ({
      risk: 'safe',
      steps: ['Start it: holdfast start. PostgreSQL recovers by itself from an unclean stop.'],
      undo: 'Stop it: holdfast stop.',
    }),
  },
  {
    code: 'database_files_gone',
    layer: 'database',
    subject: 'database',
    summary: () => 'The files of the database are gone: a backup has to be restored.',
    mechanism: context =>
      `The data directory was removed, or its disk is not mounted${detailOf(context, 'database.files')}. What no backup and no WAL archive holds is lost. Keys, ended sessions and backups are files of their own: a restore signs nobody out.`,
    mustFail: ['database.files'],
    mayFail: ['database.port', 'process.stable', ...API_SYMPTOMS],
    mustPass: [],
    grade: 'direct',
    repair: context => ({
      risk: 'confirm',
      steps: [
        'If its disk is only not mounted: mount it, and nothing is lost. Then, where Holdfast does not run: holdfast start.',
        ...remedyOf(context, 'database.files', [
          'holdfast list-backups',
          'holdfast restore --to-time latest --plan',
        ]),
      ],
      undo: 'None needed: nothing that is there is replaced.',
    }),
  },
  {
    code: 'database_hung',
    layer: 'database',
    subject: 'database',
    summary: () => 'PostgreSQL accepts connections but does not answer.',
    mechanism: () =>
      'Its processes are suspended or starved; everything that asks the database waits until it gives up.',
    mustFail: ['database.answers'],
    mayFail: ['database.scheduled', ...API_SYMPTOMS],
    mustPass: ['database.port'],
    grade: 'direct',
    repair: context => ({ risk: 'confirm', steps: stepsWhenHung(context, RESTART), undo: 'None needed.' }),
  },
  {
    code: 'database_not_accepting',
    layer: 'database',
    subject: 'database',
    summary: () => 'PostgreSQL is starting, recovering or stopping, and takes no sessions.',
    mechanism: context => `It says so itself${detailOf(context, 'database.accepts')}.`,
    mustFail: ['database.accepts'],
    mayFail: API_SYMPTOMS,
    mustPass: [],
    grade: 'direct',
    repair: () => ({
      risk: 'safe',
      steps: ['Wait: recovery after a crash ends by itself.', 'If it does not, read logs/postgres.log.'],
      undo: 'None needed.',
    }),
  },
  {
    code: 'too_many_connections',
    layer: 'database',
    subject: 'database',
    summary: () => 'PostgreSQL has no free connection left.',
    mechanism: context =>
      `Every new connection is refused until another one ends. Established ones go on, so part of the requests may still work${detailOf(context, 'database.slots_taken')}.`,
    mustFail: ['database.slots', 'database.slots_taken'],
    mayFail: API_SYMPTOMS,
    mustPass: ['database.port'],
    grade: 'direct',
    repair: () => ({
      risk: 'confirm',
      steps: [
        'See who holds them: select application_name, state, count(*) from pg_stat_activity group by 1, 2 order by 3 desc.',
        'End what is idle in a transaction, lower HOLDFAST_POOL_MAX × servers, or raise max_connections.',
      ],
      undo: 'Put the old values back.',
    }),
  },
  {
    code: 'connections_left_in_transactions',
    layer: 'database',
    subject: { of: 'database.slots_in_use', general: 'role' },
    summary: context =>
      `Sessions of the role ${nameOf(context, 'in question')} hold every connection and do nothing: they have left their transactions open.`,
    mechanism: context =>
      `A program began transactions and neither commits nor gives them up, so nobody else gets a connection while PostgreSQL is idle${detailOf(context, 'database.slots_in_use')}.`,
    mustFail: ['database.slots', 'database.slots_in_use@$'],
    mayFail: API_SYMPTOMS,
    mustPass: ['database.port', 'database.answers'],
    grade: 'direct',
    repair: context => ({
      risk: 'confirm',
      steps: [
        `End them: select pg_terminate_backend(pid) from pg_stat_activity where usename = '${nameOf(context, 'ROLE')}' and state like 'idle in transaction%';`,
        "Keep it from happening again: alter system set idle_in_transaction_session_timeout = '1min'; select pg_reload_conf();",
        'Find the program that forgets them by application_name and query in pg_stat_activity.',
      ],
      undo: 'None: their transactions are rolled back, and whoever began them can begin again.',
    }),
  },
  {
    code: 'wrong_database_password',
    layer: 'database',
    subject: { of: 'database.login', general: 'role' },
    summary: context => `PostgreSQL refuses the password of the role ${nameOf(context, 'it was given')}.`,
    mechanism: context =>
      `PostgreSQL runs and answers; it does not let this role in${detailOf(context, 'database.login')}.`,
    mustFail: ['database.login@$', 'database.password@$'],
    mayFail: API_SYMPTOMS,
    mustPass: ['database.port', 'database.answers'],
    grade: 'direct',
    repair: context => ({
      risk: 'confirm',
      steps: [
        `Put the right password of ${nameOf(context, 'the role')} into the database URL, and restart the server.`,
        'If nobody knows it: alter role … password … as a superuser, then the same password in the URL.',
        'The embedded PostgreSQL has no URL to change: its passwords are in cluster.json of the state directory, which is where the right one belongs.',
      ],
      undo: 'Put the old password back in both places.',
    }),
  },
  {
    code: 'database_login_refused',
    layer: 'database',
    subject: { of: 'database.allowed', general: 'role' },
    summary: context => `PostgreSQL does not allow the role ${nameOf(context, 'it was given')} to connect.`,
    mechanism: context =>
      `The role exists and is known, but may not log in${detailOf(context, 'database.allowed')}.`,
    mustFail: ['database.allowed@$'],
    mayFail: API_SYMPTOMS,
    mustPass: ['database.port', 'database.answers'],
    grade: 'direct',
    repair: context => ({
      risk: 'confirm',
      steps: remedyOf(context, 'database.allowed', [
        `As a superuser: alter role ${nameOf(context, '…')} login; grant connect on database … to …; or correct pg_hba.conf.`,
      ]),
      undo: 'Revoke what was granted.',
    }),
  },
  {
    code: 'database_missing',
    layer: 'database',
    subject: { of: 'database.exists', general: 'database' },
    summary: context =>
      `The database "${nameOf(context, 'named in the URL')}" does not exist on this PostgreSQL server.`,
    mechanism: () =>
      'PostgreSQL runs and accepts the role, but has no such database: dropped, renamed, or another server.',
    mustFail: ['database.exists@$'],
    mayFail: API_SYMPTOMS,
    mustPass: ['database.port', 'database.answers'],
    grade: 'direct',
    repair: () => ({
      risk: 'confirm',
      steps: [
        'Make sure that the URL names the right server and database.',
        'If the database was dropped, bring it back from the last backup (holdfast restore --to-time latest); a new one (holdfast migrate) would be empty.',
      ],
      undo: 'None needed.',
    }),
  },
  {
    code: 'database_read_only',
    layer: 'database',
    subject: 'database',
    summary: () => 'The database takes no changes: it is a standby or set to read-only.',
    mechanism: () => 'Reading works, so part of the API does; logins and every change fail.',
    mustFail: ['database.writable'],
    mayFail: API_SYMPTOMS,
    mustPass: [],
    grade: 'direct',
    repair: context => ({
      risk: 'confirm',
      steps: remedyOf(context, 'database.writable', [
        'Point the URL to the primary, or make this server the primary, or reset default_transaction_read_only.',
      ]),
      undo: 'Put the old value back.',
    }),
  },
];
