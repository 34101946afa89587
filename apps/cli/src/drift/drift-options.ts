import type { CommandContext, OptionDefinitions } from '../command.ts';

/** The options of `holdfast drift`. */
export const DRIFT_OPTIONS = {
  migrations: {
    type: 'string',
    value: 'DIR',
    description: 'expect what these migrations build (default: our own)',
  },
  'scratch-url': {
    type: 'string',
    value: 'URL',
    description:
      'build it in this database when it is empty (it is emptied again), else in one made beside it',
  },
  ledger: { type: 'boolean', description: 'expect what the ledger stored after the last migration' },
  snapshot: {
    type: 'string',
    value: 'FILE',
    description: "expect what --save wrote, or a backup's manifest",
  },
  against: {
    type: 'string',
    value: 'URL|FILE',
    description: 'expect what another database is, or what a file holds as with --snapshot',
  },
  save: { type: 'string', value: 'FILE', description: 'write the live schema to FILE and compare nothing' },
  schema: { type: 'string', value: 'NAMES', description: 'only these schemas, separated by commas' },
  ignore: {
    type: 'string',
    value: 'PATTERNS',
    description: 'leave out [TYPE:]NAME[#PROPERTY], * for anything, separated by commas',
  },
  sql: { type: 'boolean', description: 'write the SQL that reconciles the database, as a migration' },
  'allow-destructive': { type: 'boolean', description: 'with --sql: do not comment out what loses data' },
  output: { type: 'string', value: 'FILE', description: 'with --sql: write it to FILE' },
} as const satisfies OptionDefinitions;

export type DriftContext = CommandContext<typeof DRIFT_OPTIONS>;
