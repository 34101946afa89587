import { resolve } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import { migrationsDirectory } from '@holdfast/database';
import { type Migration, type MigrationProgress, readMigrations } from '@holdfast/database/migrate';
import type { Connection } from '@holdfast/postgres';
import type { CommandContext } from '../command.ts';
import { type OwnerAccess, onConnection, withOwnerAccess } from '../database-access.ts';
import type { Terminal } from '../terminal.ts';
import { version } from '../version.ts';
import type { PROJECT_OPTIONS } from './options.ts';

type ProjectContext = CommandContext<typeof PROJECT_OPTIONS>;

/** The directory of the migrations. */
export function projectDirectory({ options, environment }: ProjectContext): string {
  const { migrations } = options;
  return migrations === undefined ? migrationsDirectory() : resolve(environment.cwd, migrations);
}

/** The schemas that belong to the migrations. */
export function projectSchemas({ options }: Pick<ProjectContext, 'options'>): string[] {
  const names = (options.schema ?? 'public').split(',').map(name => name.trim());
  if (!names.includes('')) return [...new Set(names)];
  throw new HoldfastError('usage', '--schema needs names: --schema app,audit');
}

/** What the functions that migrate take, whatever they do. */
export interface ProjectRun {
  /** As the role that owns the schema, and as one that may make a scratch database. */
  readonly access: OwnerAccess;
  readonly connection: Connection;
  readonly migrations: readonly Migration[];
  readonly appVersion: string;
  readonly schemas: readonly string[];
  readonly allowPooler: boolean;
  readonly onProgress: (progress: MigrationProgress) => void;
}

/** Reads the files, then runs work on a connection as the owner of the schema. */
export async function withProject<T>(
  context: ProjectContext,
  work: (run: ProjectRun) => Promise<T>,
): Promise<T> {
  const { options, terminal, flags } = context;
  const schemas = projectSchemas(context);
  const configuration = context.configuration();
  const migrations = await readMigrations(projectDirectory(context));
  return withOwnerAccess(configuration, terminal, flags['database-url'], access =>
    onConnection(access.url, connection =>
      work({
        access,
        connection,
        migrations,
        appVersion: version(),
        schemas,
        allowPooler: options['through-pooler'] === true,
        onProgress: progress => tell(progress, terminal),
      }),
    ),
  );
}

function tell(progress: MigrationProgress, terminal: Terminal): void {
  if (progress.kind === 'migration_started') {
    const verb = progress.direction === 'up' ? 'applying' : 'rolling back';
    const from = progress.from === 1 ? '' : ` from statement ${progress.from} on`;
    terminal.progress(`${verb} ${progress.version} ${progress.name}${from}`);
  } else if (progress.kind === 'lock_retry') {
    terminal.progress(`a table is in use; attempt ${progress.attempt} in ${Math.round(progress.delayMs)} ms`);
  } else if (progress.kind === 'index_dropped') {
    terminal.progress(`dropped the index ${progress.index}: ${progress.reason}`);
  } else if (progress.kind === 'statement_skipped') {
    terminal.progress(`statement ${progress.statement} was not run again: ${progress.reason}`);
  } else if (terminal.verbose && progress.kind === 'statement_started') {
    terminal.progress(`  line ${progress.line}: ${progress.summary}`);
  }
}
