import { HoldfastError } from '@holdfast/core';
import { migrationsDirectory, seedsDirectory } from '@holdfast/database';
import {
  type MigrationProgress,
  type MigrationRun,
  migrateDown,
  migrateUp,
  type RollbackRun,
  readMigrations,
} from '@holdfast/database/migrate';
import { applySeed } from '@holdfast/database/seed';
import { type CommandContext, defineCommand, type OptionDefinitions } from '../command.ts';
import { withOwnerConnection } from '../database-access.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';
import { version } from '../version.ts';

export const ROLLBACK_OPTIONS = {
  to: {
    type: 'string',
    value: 'VERSION',
    description: 'the last version to apply; rolling back, the one that stays',
  },
  'accept-data-loss': { type: 'boolean', description: 'roll back although rows or values are lost' },
} as const satisfies OptionDefinitions;

export const MIGRATE_EXIT_STATUS = [
  [0, 'the schema is as asked for'],
  [1, 'it was refused, or a migration failed; the message says what is applied'],
  [2, 'a setting or an option is missing or wrong'],
  [3, 'the database is not available'],
] as const;

/** `holdfast migrate`: up to this version, or down to an older one. */
export const migrate = defineCommand({
  usage: '',
  description:
    'Applies every pending migration and puts the built-in roles and permissions in place. With --down, rolls back everything after --to, and refuses when data would be lost. Several runs at once wait for each other. The embedded PostgreSQL is started for it when it does not run.',
  options: {
    down: { type: 'boolean', description: 'roll back instead; needs --to' },
    ...ROLLBACK_OPTIONS,
  },
  examples: [
    ['holdfast migrate', 'bring the schema up to this version'],
    ['HOLDFAST_OWNER_DATABASE_URL=postgresql://… holdfast migrate', 'as the role that owns the tables'],
    ['holdfast migrate --down --to 0003', 'undo everything after 0003'],
  ],
  exitStatus: MIGRATE_EXIT_STATUS,
  run: async context => {
    if (context.options.down === true) return runRollback(context);
    if (context.options['accept-data-loss'] === true) {
      throw new HoldfastError('usage', '--accept-data-loss only goes with --down.');
    }
    return runUp(context);
  },
});

async function runUp({
  configuration,
  options,
  terminal,
}: CommandContext<typeof ROLLBACK_OPTIONS>): Promise<ExitCode> {
  const effective = configuration();
  const { run, inserted } = await withOwnerConnection(effective, terminal, async connection => {
    const migrations = await readMigrations(migrationsDirectory());
    const to = options.to === undefined ? {} : { to: options.to };
    const onProgress = (progress: MigrationProgress): void => tell(progress, terminal);
    const result = await migrateUp({ connection, migrations, appVersion: version(), onProgress, ...to });
    if (options.to !== undefined) return { run: result, inserted: 0 };
    const environment = effective.settings.nodeEnv;
    const seed = await applySeed({ connection, dir: seedsDirectory(), name: 'built-in', environment });
    return { run: result, inserted: seed.inserted };
  });
  terminal.result({ direction: 'up', ...run, seeded: inserted }, () => upText(run, inserted));
  return 0;
}

/** Rolls back to `--to`; shared with `holdfast rollback`. */
export async function runRollback({
  configuration,
  options,
  terminal,
}: CommandContext<typeof ROLLBACK_OPTIONS>): Promise<ExitCode> {
  const { to } = options;
  if (to === undefined) {
    throw new HoldfastError('usage', 'Rolling back needs --to VERSION: the version that stays; 0 for none.');
  }
  const run = await withOwnerConnection(configuration(), terminal, async connection =>
    migrateDown({
      connection,
      migrations: await readMigrations(migrationsDirectory()),
      appVersion: version(),
      to,
      acceptDataLoss: options['accept-data-loss'] === true,
      onProgress: progress => tell(progress, terminal),
    }),
  );
  terminal.result({ direction: 'down', ...run }, () => downText(run));
  return 0;
}

function tell(progress: MigrationProgress, terminal: Terminal): void {
  if (progress.kind === 'migration_started') {
    const verb = progress.direction === 'up' ? 'applying' : 'rolling back';
    terminal.progress(`${verb} ${progress.version} ${progress.name}`);
  } else if (progress.kind === 'lock_retry') {
    terminal.progress(`a table is in use; attempt ${progress.attempt} in ${Math.round(progress.delayMs)} ms`);
  } else if (terminal.verbose && progress.kind === 'statement_started') {
    terminal.progress(`  line ${progress.line}: ${progress.summary}`);
  }
}

function upText({ applied, version: current }: MigrationRun, inserted: number): string {
  const rows = inserted === 0 ? '' : ` ${inserted} built-in rows were put in place.`;
  if (applied.length === 0) return `The schema is up to date at ${current ?? 'nothing'}.${rows}`;
  return `Applied ${applied.map(migration => migration.version).join(', ')}; the schema is at ${current}.${rows}`;
}

function downText({ reverted, version: current }: RollbackRun): string {
  if (reverted.length === 0)
    return `There was nothing to roll back; the schema is at ${current ?? 'nothing'}.`;
  const versions = reverted.map(migration => migration.version).join(', ');
  return `Rolled back ${versions}; the schema is at ${current ?? 'nothing'}.`;
}
