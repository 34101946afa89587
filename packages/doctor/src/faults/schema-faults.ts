import type { Fault, FaultContext } from '../engine/index.ts';
import {
  API_SYMPTOMS,
  detailOf,
  dropIndex,
  nameOf,
  ownerOf,
  remedyOf,
  switchOff,
  undoOf,
} from './symptoms.ts';

const RECORD_IT =
  'record what is expected anew: holdfast snapshot, or a migration in a database that Holdfast migrates.';

/** Whether there are duplicates is not looked for while an index is missing. */
export const UNIQUE_ONLY =
  'A unique index can be made again only once no two rows have the same key. Whether some do by now was not looked at: the safe risk holds where none do. holdfast doctor --fix=plan looks, and its plan puts the younger ones aside.';

/** Schema that differs from what the migrations made. */
export const SCHEMA_FAULTS: readonly Fault[] = [
  {
    code: 'migrations_pending',
    layer: 'schema',
    subject: 'migrations',
    summary: context =>
      `The database schema is older than this version${detailOf(context, 'schema.migrations')}.`,
    mechanism: () => 'The program asks for tables and columns that the pending migrations would create.',
    mustFail: ['schema.migrations'],
    mayFail: API_SYMPTOMS,
    mustPass: [],
    grade: 'direct',
    repair: context => ({
      risk: 'confirm',
      steps: ['Take a backup, then apply them: holdfast migrate.'],
      undo: undoOf(context, 'schema.migrations', 'holdfast rollback --to VERSION, with the one from before.'),
    }),
  },
  {
    code: 'schema_newer',
    layer: 'schema',
    subject: 'migrations',
    summary: context =>
      `The database schema is newer than this version${detailOf(context, 'schema.version')}.`,
    mechanism: () => 'A newer version has migrated the database; this one may not know what changed.',
    mustFail: ['schema.version'],
    mayFail: API_SYMPTOMS,
    mustPass: [],
    grade: 'direct',
    repair: () => ({
      risk: 'confirm',
      steps: ['Run the version that applied them, or roll them back with that version.'],
      undo: 'None needed.',
    }),
  },
  {
    code: 'migration_half_done',
    layer: 'schema',
    subject: { of: 'schema.complete', general: 'migration' },
    summary: context =>
      `The migration ${nameOf(context, 'in question')} stopped half-way, so the schema is between two versions.`,
    mechanism: () => 'It consists of steps that each take effect at once; part of them is in the database.',
    mustFail: ['schema.complete@$'],
    mayFail: API_SYMPTOMS,
    mustPass: [],
    grade: 'direct',
    repair: context => ({
      risk: 'confirm',
      steps: ['Run holdfast migrate: it goes on where it stopped, or says what has to be decided first.'],
      undo: undoOf(context, 'schema.complete', 'holdfast rollback --to VERSION, with the one from before.'),
    }),
  },
  {
    code: 'migration_files_changed',
    layer: 'schema',
    subject: 'migrations',
    summary: context =>
      `The migration files are not the ones that were applied${detailOf(context, 'schema.ledger')}.`,
    mechanism: () =>
      'A file was edited, added in between or removed afterwards, or the ledger was changed by hand.',
    mustFail: ['schema.ledger'],
    mayFail: [],
    mustPass: [],
    grade: 'direct',
    repair: () => ({
      risk: 'safe',
      steps: ['Put the files back as they were applied, and changes into a new migration.'],
      undo: 'None needed.',
    }),
  },
  {
    code: 'table_missing',
    layer: 'schema',
    subject: { of: 'schema.tables', general: 'table' },
    summary: context => `The table ${nameOf(context, 'needed')} is missing from the database.`,
    mechanism: () =>
      'The migrations created it and the ledger still says so, so it was dropped since. Whatever uses it fails, the rest works.',
    mustFail: ['schema.tables@$'],
    mayFail: API_SYMPTOMS,
    mustPass: [],
    grade: 'direct',
    repair: context => ({
      risk: 'confirm',
      steps: [
        `Bring ${nameOf(context, 'the table')} back with its rows from the last backup: holdfast restore --table ${nameOf(context, 'TABLE')} shows what would come, and does it with --yes; with --to-time TIME as of a later moment.`,
        'holdfast migrate will not create it again: the ledger has that migration as applied.',
      ],
      undo: 'Drop the restored table.',
    }),
  },
  {
    code: 'column_missing',
    layer: 'schema',
    subject: { of: 'schema.columns', general: 'column' },
    summary: columnInWords,
    mechanism: () => 'Statements that name it fail, the rest works.',
    mustFail: ['schema.columns@$'],
    mayFail: ['api.schema', ...API_SYMPTOMS],
    mustPass: [],
    grade: 'direct',
    repair: context => ({
      risk: 'confirm',
      steps: remedyOf(context, 'schema.columns', [
        `Add the column as the migration did (holdfast drift --sql writes the statement), then put the rows back as the last backup has them: holdfast restore --table ${ownerOf(context, 'TABLE')} --mode overwrite; with --to-time TIME as of a later moment.`,
      ]),
      undo: undoOf(context, 'schema.columns', 'Drop the column again.'),
    }),
  },
  {
    code: 'index_missing',
    layer: 'schema',
    subject: { of: 'schema.indexes', general: 'index' },
    summary: context => `The index ${nameOf(context, 'needed')} is missing from the database.`,
    mechanism: () => 'What it made fast is slow now; a unique index also no longer keeps duplicates out.',
    mustFail: ['schema.indexes@$'],
    mayFail: ['api.speed'],
    mustPass: [],
    grade: 'direct',
    repair: context => ({
      risk: 'safe',
      steps: ['Create it as the migration does, with create index concurrently.', UNIQUE_ONLY],
      undo: dropIndex(context),
    }),
  },
  {
    code: 'index_invalid',
    layer: 'schema',
    subject: { of: 'schema.index_validity', general: 'index' },
    summary: context =>
      `The index ${nameOf(context, 'in question')} is invalid, so PostgreSQL does not use it.`,
    mechanism: () => 'A create index concurrently was interrupted, or the index was marked so.',
    mustFail: ['schema.index_validity@$'],
    mayFail: ['api.speed'],
    mustPass: [],
    grade: 'direct',
    repair: context => ({
      risk: 'safe',
      steps: [`reindex index concurrently ${nameOf(context, '…')}.`],
      undo: 'None needed.',
    }),
  },
  {
    code: 'constraint_missing',
    layer: 'schema',
    subject: { of: 'schema.constraints', general: 'constraint' },
    summary: context => `The constraint ${nameOf(context, 'in question')} is missing or not enforced.`,
    mechanism: () => 'Rows that contradict each other can get in unnoticed.',
    mustFail: ['schema.constraints@$'],
    mayFail: [],
    mustPass: [],
    grade: 'direct',
    repair: () => ({
      risk: 'confirm',
      steps: ['Find the rows that violate it, then add it again and validate it.'],
      undo: 'Drop the constraint.',
    }),
  },
  {
    code: 'function_missing',
    layer: 'schema',
    subject: { of: 'schema.code', general: 'function' },
    summary: context =>
      `The ${spoken(context, 'function, view or trigger in question')} is missing from the database.`,
    mechanism: () =>
      'Statements that use it fail, or no longer do what they did in passing. Tables and rows are not touched.',
    mustFail: ['schema.code@$'],
    mayFail: ['api.schema', ...API_SYMPTOMS],
    mustPass: [],
    grade: 'direct',
    repair: () => ({
      risk: 'safe',
      steps: ['Create it as the migrations do: holdfast drift --sql writes the statements.'],
      undo: 'Drop it again.',
    }),
  },
  {
    code: 'trigger_disabled',
    layer: 'schema',
    subject: { of: 'schema.triggers', general: 'trigger' },
    summary: context => `The ${spoken(context, 'trigger in question')} is switched off.`,
    mechanism: () =>
      'What it keeps true is not kept any more: rows written since may contradict each other, and nothing says so.',
    mustFail: ['schema.triggers@$'],
    mayFail: [],
    mustPass: [],
    grade: 'direct',
    repair: context => ({
      risk: 'confirm',
      steps: [
        'Switch it on again: holdfast drift --sql writes the statement.',
        'Look for what came in meanwhile: holdfast detailed-health --full --only orphans,duplicates.',
      ],
      undo: switchOff(context),
    }),
  },
  {
    code: 'extension_missing',
    layer: 'schema',
    subject: { of: 'schema.extensions', general: 'extension' },
    summary: context => `The extension ${nameOf(context, 'in question')} is missing from the database.`,
    mechanism: () => 'Its functions and types are gone, and with them what was built on them.',
    mustFail: ['schema.extensions@$'],
    mayFail: API_SYMPTOMS,
    mustPass: [],
    grade: 'direct',
    repair: context => ({
      risk: 'safe',
      steps: [
        `As a superuser: create extension ${nameOf(context, '…')}.`,
        'If PostgreSQL does not know it, install the package that brings it on the machine of PostgreSQL.',
      ],
      undo: `drop extension ${nameOf(context, '…')};`,
    }),
  },
  {
    code: 'rights_revoked',
    layer: 'schema',
    subject: { of: 'schema.rights', general: 'table' },
    summary: context => `Rights on the ${spoken(context, 'table in question')} were taken away.`,
    mechanism: context =>
      `Statements of a role that lacks them are refused with 42501${detailOf(context, 'schema.rights')}.`,
    mustFail: ['schema.rights@$'],
    mayFail: API_SYMPTOMS,
    mustPass: [],
    grade: 'direct',
    repair: context => ({
      risk: 'safe',
      steps: remedyOf(context, 'schema.rights', [
        'Grant them again: holdfast drift --sql writes the statements.',
      ]),
      undo: undoOf(context, 'schema.rights', 'Revoke them again.'),
    }),
  },
  {
    code: 'row_security_changed',
    layer: 'schema',
    subject: { of: 'schema.row_security', general: 'table' },
    summary: context => `Row level security of the table ${nameOf(context, 'in question')} is not as it was.`,
    mechanism: context =>
      `PostgreSQL shows a role the rows that a policy allows, and leaves out the others without an error; rows that no policy allows are refused with 42501${detailOf(context, 'schema.row_security')}. If it was meant, ${RECORD_IT}`,
    mustFail: ['schema.row_security@$'],
    mayFail: ['api.schema', ...API_SYMPTOMS],
    mustPass: [],
    grade: 'direct',
    repair: context => ({
      risk: 'confirm',
      steps: [
        ...remedyOf(context, 'schema.row_security', [
          `alter table ${nameOf(context, '…')} disable row level security;`,
        ]),
        `Or, if rows are to be hidden, allow the role of the API its own: create policy NAME on ${nameOf(context, '…')} for all to ROLE using (CONDITION) with check (CONDITION);`,
      ],
      undo: `alter table ${nameOf(context, '…')} enable row level security;`,
    }),
  },
  {
    code: 'trigger_unexpected',
    layer: 'schema',
    subject: { of: 'schema.trigger_actions', general: 'trigger' },
    summary: triggerInWords,
    mechanism: context =>
      `It runs within every statement that writes its table, whoever sends it${detailOf(context, 'schema.trigger_actions')}. If it was meant, ${RECORD_IT}`,
    mustFail: ['schema.trigger_actions@$'],
    mayFail: API_SYMPTOMS,
    mustPass: [],
    grade: 'direct',
    repair: context => ({
      risk: 'confirm',
      steps: [
        ...remedyOf(context, 'schema.trigger_actions', ['drop trigger NAME on TABLE;']),
        'Look for what it refused, dropped or left undone meanwhile: in the log of PostgreSQL, in the rows written since, and in what clients have sent.',
      ],
      undo: 'Create the trigger, or its function, again from the definition that holdfast drift shows before.',
    }),
  },
];

/** One that is there under another name or with another type is not missing. */
function columnInWords(context: FaultContext): string {
  const failed = context.outcomes('schema.columns').find(({ outcome }) => outcome === 'fail');
  return failed?.remedy === undefined
    ? `The column ${nameOf(context, 'needed')} is missing from the database.`
    : `The ${failed.detail.slice('the '.length)}.`;
}

/** What the trigger does, without the details. */
function triggerInWords(context: FaultContext): string {
  const trigger = `The ${spoken(context, 'trigger in question')}`;
  const failed = context.outcomes('schema.trigger_actions').find(({ outcome }) => outcome === 'fail');
  const [problem = ''] = (failed?.detail ?? '').slice(trigger.length).split(': ');
  return problem === '' ? `${trigger} does what nobody expects.` : `${trigger}${problem}.`;
}

/** `table users` for the subject `table:users`. */
function spoken({ subject }: FaultContext, otherwise: string): string {
  return subject?.replace(':', ' ') ?? otherwise;
}
