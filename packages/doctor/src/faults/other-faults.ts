import type { Fault, Repair } from '../engine/index.ts';
import { stepsWhenHung } from './database-faults.ts';
import { UNIQUE_ONLY } from './schema-faults.ts';
import { detailOf, dropIndex, nameOf, remedyOf, switchOff, undoOf } from './symptoms.ts';

/** What is said otherwise of a system that Holdfast neither runs, migrates nor backs up. */
type OtherTexts = Partial<Pick<Fault, 'mechanism' | 'repair'>>;

const START = [
  'Start it, on its machine: systemctl start postgresql, or pg_ctl start -D DIR as the owner of its data directory. It recovers by itself from an unclean stop.',
];
const RESTART =
  'restart it, on its machine: systemctl restart postgresql, or pg_ctl restart -m fast -D DIR as the owner of its data directory. Transactions in flight are lost, nothing that was committed is.';

const DRIFT =
  'holdfast drift --snapshot holdfast.snapshot.json --database-url URL --sql writes the statements';

const sqlOf =
  (what: string, undo: string, risk: Repair['risk'] = 'safe'): Fault['repair'] =>
  () => ({ risk, steps: [`${what}: ${DRIFT}.`], undo });

const TEXTS: Readonly<Record<string, OtherTexts>> = {
  database_stopped: {
    mechanism: () =>
      'What needs the database fails until it is back. What was committed is in its data directory.',
    repair: context => ({
      risk: 'safe',
      steps: [
        ...remedyOf(context, 'database.cluster', START),
        'If it ends again, the last lines of its log say why (journalctl -u postgresql, or the log in its data directory).',
      ],
      undo: 'Stop it the same way.',
    }),
  },
  database_hung: {
    repair: context => ({ risk: 'confirm', steps: stepsWhenHung(context, RESTART), undo: 'None needed.' }),
  },
  database_not_accepting: {
    repair: () => ({
      risk: 'safe',
      steps: ['Wait: recovery after a crash ends by itself.', 'If it does not, read the log of PostgreSQL.'],
      undo: 'None needed.',
    }),
  },
  database_unreachable: {
    repair: () => ({
      risk: 'safe',
      steps: ['Correct host and port in the database URL of the API, then restart the API.'],
      undo: 'Put the old value back.',
    }),
  },
  too_many_connections: {
    repair: () => ({
      risk: 'confirm',
      steps: [
        'See who holds them: select application_name, state, count(*) from pg_stat_activity group by 1, 2 order by 3 desc.',
        'End what is idle in a transaction, give the pools of the API fewer connections, or raise max_connections.',
      ],
      undo: 'Put the old values back.',
    }),
  },
  wrong_database_password: {
    repair: context => ({
      risk: 'confirm',
      steps: [
        `Put the right password of ${nameOf(context, 'the role')} into the database URL, and restart the API.`,
        'If nobody knows it: alter role … password … as a superuser, then the same password in the URL.',
      ],
      undo: 'Put the old password back in both places.',
    }),
  },
  database_missing: {
    repair: () => ({
      risk: 'confirm',
      steps: [
        'Make sure that the URL names the right server and database.',
        'If the database was dropped, bring it back from its last backup; a new one would be empty.',
      ],
      undo: 'None needed.',
    }),
  },
  table_missing: {
    mechanism: () =>
      'It was there when the snapshot was taken. Whatever uses it fails, the rest works. If it was meant to go, take a new snapshot: holdfast snapshot.',
    repair: context => ({
      risk: 'confirm',
      steps: [
        `Bring ${nameOf(context, 'the table')} back with its rows from the last backup, such as pg_restore --table of a dump.`,
        `Without one, ${DRIFT} that make it again, empty.`,
      ],
      undo: 'Drop the restored table.',
    }),
  },
  column_missing: {
    repair: context => ({
      risk: 'confirm',
      steps: remedyOf(context, 'schema.columns', [
        `Add the column as it was, and fill it from the last backup: ${DRIFT}.`,
      ]),
      undo: undoOf(context, 'schema.columns', 'Drop the column again.'),
    }),
  },
  index_missing: {
    repair: context => ({
      risk: 'safe',
      steps: [`Create it as it was, with create index concurrently: ${DRIFT}.`, UNIQUE_ONLY],
      undo: dropIndex(context),
    }),
  },
  function_missing: { repair: sqlOf('Create it as it was', 'Drop it again.') },
  trigger_disabled: {
    repair: context => ({
      risk: 'confirm',
      steps: [
        `Switch it on again: ${DRIFT}.`,
        'Look for what came in meanwhile: holdfast detailed-health --full --only orphans,duplicates, with --database-url.',
      ],
      undo: switchOff(context),
    }),
  },
  rights_revoked: {
    repair: context => ({
      risk: 'safe',
      steps: remedyOf(context, 'schema.rights', [`Grant them again: ${DRIFT}.`]),
      undo: undoOf(context, 'schema.rights', 'Revoke them again.'),
    }),
  },
  rows_lost: {
    mechanism: context =>
      `Somebody or something deleted them since the snapshot; whoever needs them is answered as if they had never been${detailOf(context, 'data.rows')}. If they were meant to go, take a new snapshot: holdfast snapshot.`,
    repair: context => ({
      risk: 'confirm',
      steps: [
        `Bring the rows of ${nameOf(context, 'the table')} back from the last backup that has them: restore it beside, and copy what is missing. The snapshot has counted them and holds none.`,
      ],
      undo: 'Delete what was copied.',
    }),
  },
};

/** A fault as it is told of a system of another make. */
export function toldOfOther(fault: Fault): Fault {
  return { ...fault, ...TEXTS[fault.code] };
}
