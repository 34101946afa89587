import type { Fault } from '../engine/index.ts';
import { API_SYMPTOMS, detailOf, nameOf } from './symptoms.ts';

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
    repair: () => ({
      risk: 'confirm',
      steps: ['Take a backup, then apply them: holdfast migrate.'],
      undo: 'holdfast rollback to the migration before.',
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
    repair: () => ({
      risk: 'confirm',
      steps: ['Run holdfast migrate: it goes on where it stopped, or says what has to be decided first.'],
      undo: 'holdfast rollback to the migration before.',
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
        `Restore ${nameOf(context, 'the table')} with its rows from the last backup.`,
        'holdfast migrate will not create it again: the ledger has that migration as applied.',
      ],
      undo: 'Drop the restored table.',
    }),
  },
  {
    code: 'column_missing',
    layer: 'schema',
    subject: { of: 'schema.columns', general: 'column' },
    summary: context =>
      `The column ${nameOf(context, 'needed')} is missing from the database or has another type.`,
    mechanism: () => 'Statements that name it fail, the rest works.',
    mustFail: ['schema.columns@$'],
    mayFail: API_SYMPTOMS,
    mustPass: [],
    grade: 'direct',
    repair: () => ({
      risk: 'confirm',
      steps: ['Add the column as the migration did, then fill it from the last backup.'],
      undo: 'Drop the column again.',
    }),
  },
  {
    code: 'index_missing',
    layer: 'schema',
    subject: { of: 'schema.indexes', general: 'index' },
    summary: context => `The index ${nameOf(context, 'needed')} is missing from the database.`,
    mechanism: () => 'What it made fast is slow now; a unique index also no longer keeps duplicates out.',
    mustFail: ['schema.indexes@$'],
    mayFail: [],
    mustPass: [],
    grade: 'direct',
    repair: () => ({
      risk: 'safe',
      steps: ['Create it as the migration does, with create index concurrently.'],
      undo: 'drop index concurrently.',
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
    mayFail: [],
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
];
