import { resolve } from 'node:path';
import { shellWord } from '@holdfast/core';
import { migrationsDirectory } from '@holdfast/database';
import {
  type Migration,
  type MigrationProgress,
  readMigrations,
  refuseForeignDatabase,
} from '@holdfast/database/migrate';
import type { Connection } from '@holdfast/postgres';
import type { CommandContext } from '../command.ts';
import { type OwnerAccess, onConnection, withOwnerAccess } from '../database-access.ts';
import { namesIn } from '../names-in.ts';
import type { StopSignals } from '../stop-signals.ts';
import type { Terminal } from '../terminal.ts';
import { version } from '../version.ts';
import type { PROJECT_OPTIONS } from './options.ts';
import { untilInterrupted } from './until-interrupted.ts';

type ProjectContext = CommandContext<typeof PROJECT_OPTIONS>;

/** The directory of the migrations. */
export function projectDirectory({ options, environment }: ProjectContext): string {
  const { migrations } = options;
  return migrations === undefined ? migrationsDirectory() : resolve(environment.cwd, migrations);
}

/** The schemas that belong to the migrations. */
function projectSchemas({ options }: Pick<ProjectContext, 'options'>): string[] | 'all' {
  return options.schema === undefined ? 'all' : namesIn('--schema', options.schema);
}

/** What the functions that migrate take, whatever they do. */
export interface ProjectRun {
  /** As the role that owns the schema, and as one that may make a scratch database. */
  readonly access: OwnerAccess;
  readonly connection: Connection;
  readonly migrations: readonly Migration[];
  readonly appVersion: string;
  readonly schemas: readonly string[] | 'all';
  readonly allowPooler: boolean;
  readonly onProgress: (progress: MigrationProgress) => void;
  /** Aborted when the command is to stop. */
  readonly signal: AbortSignal;
  /** The line to type for a verb, with the options that name the project. */
  readonly commandLine: (verb: string) => string;
}

/**
 * Reads the files, then runs work on a connection as the owner of the schema. The first Ctrl-C or SIGTERM aborts the signal of the
 * work; the second one takes its connection away.
 * @param verb what goes on after an interruption, such as `migrate up`
 */
export function withProject<T>(
  context: ProjectContext,
  verb: string | undefined,
  work: (run: ProjectRun) => Promise<T>,
  reading: Parameters<typeof readMigrations>[1] = {},
): Promise<T> {
  const after = {
    goOn: verb,
    commandLine: (next: string) => commandLine(context, next),
  };
  return untilInterrupted(context, after, stop => onProject(context, reading, stop, work));
}

async function onProject<T>(
  context: ProjectContext,
  reading: Parameters<typeof readMigrations>[1],
  stop: StopSignals,
  work: (run: ProjectRun) => Promise<T>,
): Promise<T> {
  const { options, terminal, flags } = context;
  const schemas = projectSchemas(context);
  const configuration = context.configuration();
  const migrations = await readMigrations(projectDirectory(context), reading);
  return withOwnerAccess(configuration, terminal, flags['database-url'], access =>
    onConnection(access.url, async connection => {
      stop.second.addEventListener('abort', () => void connection.close());
      if (options.migrations === undefined) await refuseForeignDatabase(connection, migrations);
      return work({
        access,
        connection,
        migrations,
        appVersion: version(),
        schemas,
        allowPooler: options['through-pooler'] === true,
        onProgress: progress => tell(progress, terminal),
        signal: stop.first,
        commandLine: verb => commandLine(context, verb),
      });
    }),
  );
}

/** The line to type for a verb of this project. A URL is not repeated, for it may hold a password. */
export function commandLine(
  { options, flags }: Pick<ProjectContext, 'options' | 'flags'>,
  verb: string,
): string {
  const program = flags['database-url'] === undefined ? 'holdfast' : 'holdfast --database-url URL';
  const schema =
    options.schema === undefined || verb === 'migrate status' ? '' : ` --schema ${shellWord(options.schema)}`;
  const place = options.migrations === undefined ? '' : ` --migrations ${shellWord(options.migrations)}`;
  return `${program} ${verb}${schema}${place}`;
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
  } else if (progress.kind === 'schemas_missing') {
    terminal.warning(
      `there is no schema ${progress.schemas.join(', ')} after this run, so the ledger keeps no snapshot of that`,
    );
  } else if (terminal.verbose && progress.kind === 'statement_started') {
    terminal.progress(`  line ${progress.line}: ${progress.summary}`);
  }
}
