import type { OptionDefinitions, OptionValues } from '../command.ts';

/** What `holdfast restore` takes for single tables, beside its own `--plan`, `--yes` and `--undo`. */
export const TABLE_OPTIONS = {
  table: {
    type: 'string',
    value: 'NAMES',
    multiple: true,
    description: 'only these tables: users, app.users or patterns such as app.*, separated by commas',
  },
  rows: {
    type: 'string',
    value: 'CONDITION',
    description: 'with --table: only rows for which it holds, as behind WHERE: "created_at < \'2026-01-01\'"',
  },
  mode: {
    type: 'string',
    value: 'MODE',
    description:
      'with --table: missing (default) inserts rows that are not there, overwrite also puts back those that differ, exact also deletes those that the backup does not have',
  },
  'with-parents': {
    type: 'boolean',
    description: 'with --table: bring along rows of other tables that the rows refer to and that are missing',
  },
  'skip-conflicts': {
    type: 'boolean',
    description: 'with --table: leave out rows that cannot be brought back; otherwise one refuses all',
  },
  'disable-triggers': {
    type: 'boolean',
    description: "with --table: the tables' own triggers do not fire; foreign keys are checked all the same",
  },
  'accept-trigger-changes': {
    type: 'boolean',
    description:
      'with --table: keep rows that triggers made different from the backup; otherwise they refuse all',
  },
  'no-undo': {
    type: 'boolean',
    description: 'with --table: do not keep the rows from before in the ledger (30 days, for --undo)',
  },
  mask: { type: 'boolean', description: 'with --table: show keys only of the sample rows' },
} as const satisfies OptionDefinitions;

export type TableOptionValues = OptionValues<
  typeof TABLE_OPTIONS & {
    readonly plan: { readonly type: 'boolean'; readonly description: string };
    readonly yes: { readonly type: 'boolean'; readonly description: string };
  }
>;
