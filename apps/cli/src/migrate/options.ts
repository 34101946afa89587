import { HoldfastError } from '@holdfast/core';
import type { CommandContext, OptionDefinitions } from '../command.ts';
import type { ExitCode } from '../exit-codes.ts';
import { LINT_OPTIONS } from './lint.ts';

/** Which migrations, and what belongs to them: taken by every verb. */
export const PROJECT_OPTIONS = {
  migrations: {
    type: 'string',
    value: 'DIR',
    description: "use the files in DIR instead of Holdfast's own; no built-in rows are put in place then",
  },
  schema: {
    type: 'string',
    value: 'NAME',
    multiple: true,
    description:
      'a schema that the migrations fill (default: all there are); again, or with commas, for several',
  },
  'through-pooler': {
    type: 'boolean',
    description: 'the URL leads to a pooler that keeps one session of the server for each client',
  },
} as const satisfies OptionDefinitions;

export const ROLLBACK_OPTIONS = {
  to: {
    type: 'string',
    value: 'VERSION',
    description: 'the last version to apply; rolling back, the one that stays',
  },
  'accept-data-loss': { type: 'boolean', description: 'roll back although rows or values are lost' },
} as const satisfies OptionDefinitions;

export const SCRATCH_OPTIONS = {
  'scratch-url': {
    type: 'string',
    value: 'URL',
    description: 'build in this database when it is empty (it is emptied again), else in one made beside it',
  },
  unchecked: { type: 'boolean', description: 'do not build and compare; you vouch for it' },
} as const satisfies OptionDefinitions;

export const BASELINE_OPTIONS = {
  'accept-differences': {
    type: 'boolean',
    description: 'take a schema over although it is not quite the one the migrations build',
  },
  'accept-missing': {
    type: 'string',
    value: 'PATTERNS',
    multiple: true,
    description:
      'take it over without these schemas, types, functions, views and sequences: [TYPE:]NAME, * for anything, separated by commas',
  },
} as const satisfies OptionDefinitions;

export const REPAIR_OPTIONS = {
  accept: { type: 'string', value: 'VERSION', description: 'take an edited file for the applied one' },
  resume: {
    type: 'string',
    value: 'VERSION:N',
    description: 'go on with a half-done migration at statement N',
  },
  'mark-applied': { type: 'string', value: 'VERSION', description: 'a half-done one was finished by hand' },
  'mark-pending': { type: 'string', value: 'VERSION', description: 'a half-done one was undone by hand' },
  forget: { type: 'string', value: 'VERSION', description: 'remove the entry of a file that is gone' },
  reason: { type: 'string', value: 'TEXT', description: 'why; it is kept in the ledger' },
  yes: { type: 'boolean', description: 'do it; without it, it is only shown' },
} as const satisfies OptionDefinitions;

export const PLAN_OPTIONS = {
  to: { type: 'string', value: 'VERSION', description: 'the last version to try' },
  'statement-limit': {
    type: 'string',
    value: 'TIME',
    description: 'stop a statement after this time, because its locks are real meanwhile (default 5s)',
  },
} as const satisfies OptionDefinitions;

/** Every option of `holdfast migrate`; each verb takes some of them. */
export const MIGRATE_OPTIONS = {
  ...PROJECT_OPTIONS,
  down: { type: 'boolean', description: 'the same as the verb down' },
  ...SCRATCH_OPTIONS,
  ...BASELINE_OPTIONS,
  ...REPAIR_OPTIONS,
  ...PLAN_OPTIONS,
  ...ROLLBACK_OPTIONS,
  ...LINT_OPTIONS,
} as const satisfies OptionDefinitions;

export type MigrateContext = CommandContext<typeof MIGRATE_OPTIONS>;

/** One verb of `holdfast migrate`. `arguments` are the positionals after it. */
export interface MigrateVerb {
  /** The names of the options it takes. */
  readonly takes: readonly string[];
  /** How many arguments it takes at most. */
  readonly maxArguments: number;
  run(context: MigrateContext, args: readonly string[]): Promise<ExitCode>;
}

/** Throws `usage` for options and arguments that belong to other verbs. */
export function refuseForeignOptions(
  name: string,
  verb: MigrateVerb,
  options: object,
  args: readonly string[],
): void {
  const foreign = Object.keys(options).filter(option => !verb.takes.includes(option));
  const problems = [
    ...foreign.map(option => `--${option} does not go with migrate ${name}`),
    ...args.slice(verb.maxArguments).map(argument => `unexpected argument "${argument}"`),
  ];
  if (problems.length === 0) return;
  throw new HoldfastError('usage', `${problems.join('\n')}\nSee holdfast migrate --help.`, {
    details: { problems },
  });
}
