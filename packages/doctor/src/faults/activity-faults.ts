import type { Fault } from '../engine/index.ts';
import { API_SYMPTOMS, detailOf, nameOf, remedyOf } from './symptoms.ts';

/** PostgreSQL that runs and answers, while sessions stand in each other's way or its storage is not sound. */
export const ACTIVITY_FAULTS: readonly Fault[] = [
  {
    code: 'table_locked',
    layer: 'database',
    subject: { of: 'database.locks', general: 'table' },
    summary: context =>
      context.subject?.startsWith('session:') === true
        ? `Sessions wait for rows that the session ${nameOf(context, '')} keeps locked.`
        : `A session keeps the table ${nameOf(context, 'in question')} locked: others wait for it, or give up.`,
    mechanism: context =>
      `One session keeps the lock; what needs the table queues up behind it until it gives up, and what does not need it works${detailOf(context, 'database.locks')}.`,
    mustFail: ['database.locks@$'],
    mayFail: ['api.speed', ...API_SYMPTOMS],
    mustPass: [],
    grade: 'direct',
    repair: context => ({
      risk: 'confirm',
      steps: remedyOf(context, 'database.locks', [
        'Find the session at the root (holdfast health --only blocked-sessions), and end it.',
      ]),
      undo: 'None: its transaction is rolled back, and whoever began it can begin again.',
    }),
  },
  {
    code: 'transaction_left_open',
    layer: 'database',
    subject: { of: 'database.idle_transactions', general: 'role' },
    summary: context =>
      `A session of the role ${nameOf(context, 'in question')} has left its transaction open.`,
    mechanism: context =>
      `It does nothing, and keeps a connection, its locks, and the dead rows of every table from being removed${detailOf(context, 'database.idle_transactions')}.`,
    mustFail: ['database.idle_transactions@$'],
    mayFail: API_SYMPTOMS,
    mustPass: [],
    grade: 'direct',
    repair: context => ({
      risk: 'confirm',
      steps: remedyOf(context, 'database.idle_transactions', ['End the session.']),
      undo: 'None: its transaction is rolled back.',
    }),
  },
  {
    code: 'prepared_transaction_forgotten',
    layer: 'database',
    subject: 'database',
    summary: () => 'A prepared transaction was never finished.',
    mechanism: context =>
      `It outlives its session and every restart, and keeps its locks${detailOf(context, 'database.prepared_transactions')}.`,
    mustFail: ['database.prepared_transactions'],
    mayFail: API_SYMPTOMS,
    mustPass: [],
    grade: 'direct',
    repair: context => ({
      risk: 'confirm',
      steps: remedyOf(context, 'database.prepared_transactions', ['Commit it or roll it back by its gid.']),
      undo: 'None.',
    }),
  },
  {
    code: 'transaction_ids_running_out',
    layer: 'database',
    subject: 'database',
    summary: () => 'PostgreSQL is running out of transaction ids.',
    mechanism: context =>
      `Old rows were not frozen in time. When the ids are used up it takes no changes any more${detailOf(context, 'database.transaction_ids')}.`,
    mustFail: ['database.transaction_ids'],
    mayFail: API_SYMPTOMS,
    mustPass: [],
    grade: 'direct',
    repair: context => ({
      risk: 'confirm',
      steps: remedyOf(context, 'database.transaction_ids', ['Vacuum the oldest tables.']),
      undo: 'None needed.',
    }),
  },
  {
    code: 'storage_damages_pages',
    layer: 'database',
    subject: 'database',
    summary: () => 'Pages of the database came back from the disk otherwise than they were written.',
    mechanism: context =>
      `Their checksums do not match. What reads them fails, what does not need them works${detailOf(context, 'database.checksums')}.`,
    mustFail: ['database.checksums'],
    mayFail: API_SYMPTOMS,
    mustPass: [],
    grade: 'direct',
    repair: context => ({
      risk: 'confirm',
      steps: remedyOf(context, 'database.checksums', [
        'Stop the server, copy its data directory, and restore the last good backup.',
      ]),
      undo: 'None needed.',
    }),
  },
  {
    code: 'collation_changed',
    layer: 'database',
    subject: 'database',
    summary: () => 'The order of text has changed under the indexes of the database.',
    mechanism: context =>
      `A library of the operating system was replaced. Lookups by text can miss rows that are there${detailOf(context, 'database.collations')}.`,
    mustFail: ['database.collations'],
    mayFail: API_SYMPTOMS,
    mustPass: [],
    grade: 'direct',
    repair: context => ({
      risk: 'confirm',
      steps: remedyOf(context, 'database.collations', ['Rebuild the indexes, then record the new version.']),
      undo: 'None needed.',
    }),
  },
  {
    code: 'index_damaged',
    layer: 'database',
    subject: { of: 'database.index_structure', general: 'index' },
    summary: context => `The index ${nameOf(context, 'in question')} is damaged.`,
    mechanism: context =>
      `Lookups through it miss rows that are there, and a unique one lets duplicates in; the rows themselves are whole${detailOf(context, 'database.index_structure')}.`,
    mustFail: ['database.index_structure@$'],
    // it finds too little and fails nothing, as far as other systems show it
    mayFail: API_SYMPTOMS.filter(check => check !== 'api.failures'),
    mustPass: [],
    grade: 'direct',
    repair: context => ({
      risk: 'safe',
      steps: [
        `reindex index concurrently ${nameOf(context, '…')}.`,
        ...remedyOf(context, 'database.index_structure', []).filter(line => !line.startsWith('reindex')),
      ],
      undo: 'None needed.',
    }),
  },
];
