import type { Fault } from '../engine/index.ts';
import { API_SYMPTOMS, detailOf, nameOf, remedyOf } from './symptoms.ts';

const ANEW =
  'Let the API connect anew, by a restart or by ending its sessions: it holds for new sessions only.';

/** What is set for a role in PostgreSQL, and keeps the API from working while everything else gets on. */
export const ROLE_FAULTS: readonly Fault[] = [
  {
    code: 'role_expired',
    layer: 'database',
    subject: { of: 'database.login', general: 'role' },
    summary: context => `The password of the role ${nameOf(context, 'it was given')} has expired.`,
    mechanism: context =>
      `PostgreSQL refuses it as if it were wrong, though it is the right one${detailOf(context, 'database.role_valid')}.`,
    mustFail: ['database.login@$', 'database.role_valid@$'],
    mayFail: API_SYMPTOMS,
    mustPass: ['database.port', 'database.answers'],
    grade: 'direct',
    repair: context => ({
      risk: 'confirm',
      steps: remedyOf(context, 'database.role_valid', [
        `As a superuser: alter role ${nameOf(context, '…')} valid until 'infinity';`,
      ]),
      undo: `alter role ${nameOf(context, '…')} valid until, with the time from before.`,
    }),
  },
  {
    code: 'connection_limit_reached',
    layer: 'database',
    subject: { of: 'database.connection_limit', general: 'role' },
    summary: context =>
      `The ${context.subject?.replace(':', ' ') ?? 'role or database in question'} has reached its own limit of connections.`,
    mechanism: context =>
      `PostgreSQL has connections left, and gives it no more than it was allowed${detailOf(context, 'database.connection_limit')}. Sessions that it has go on.`,
    mustFail: ['database.slots', 'database.connection_limit@$'],
    mayFail: API_SYMPTOMS,
    mustPass: ['database.port', 'database.answers'],
    grade: 'direct',
    repair: context => ({
      risk: 'confirm',
      steps: [
        ...remedyOf(context, 'database.connection_limit', ['alter role … connection limit -1;']),
        'Or keep the limit, and give the pools of the API together fewer connections than it.',
      ],
      undo: 'The same statement with the limit from before.',
    }),
  },
  {
    code: 'search_path_changed',
    layer: 'database',
    subject: { of: 'database.search_path', general: 'role' },
    summary: context =>
      `Sessions of the role ${nameOf(context, 'in question')} begin with another search path than before.`,
    mechanism: context =>
      `Tables that statements name without their schema are not found (42P01), by this role alone: nobody else misses them${detailOf(context, 'database.search_path')}. If it was meant, record what is expected anew: holdfast snapshot.`,
    mustFail: ['database.search_path@$'],
    mayFail: ['api.schema', ...API_SYMPTOMS],
    mustPass: [],
    grade: 'direct',
    repair: context => ({
      risk: 'confirm',
      steps: [
        ...remedyOf(context, 'database.search_path', [
          `alter role ${nameOf(context, '…')} reset search_path;`,
        ]),
        ANEW,
      ],
      undo: 'Set the path again that was there.',
    }),
  },
  {
    code: 'statement_timeout_short',
    layer: 'database',
    subject: { of: 'database.statement_time', general: 'role' },
    summary: context =>
      `Statements of the role ${nameOf(context, 'in question')} are cut off within a fraction of a second.`,
    mechanism: context =>
      `PostgreSQL cancels what takes longer (57014), so operations fail that have more to do, while the others and everybody else go on${detailOf(context, 'database.statement_time')}. If it was meant, record what is expected anew: holdfast snapshot.`,
    mustFail: ['database.statement_time@$'],
    mayFail: API_SYMPTOMS,
    mustPass: [],
    grade: 'direct',
    repair: context => ({
      risk: 'confirm',
      steps: [
        ...remedyOf(context, 'database.statement_time', [
          `alter role ${nameOf(context, '…')} reset statement_timeout;`,
        ]),
        ANEW,
      ],
      undo: 'Set the limit again that was there.',
    }),
  },
];
