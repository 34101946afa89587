import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import type { DatabaseContent } from '@holdfast/database/backup';
import {
  type BesideOptions,
  dumpMaterialized,
  fetchDump,
  findDumpFile,
  type MaterializedBackup,
  materializeBackup,
} from '@holdfast/database/restore';
import { claimScratchDirectory, removeScratchDirectory } from '@holdfast/postgres/cluster';
import type { BackupPlaces } from '../backup/backup-places.ts';
import { progressLines } from '../backup/progress-lines.ts';
import type { Configuration } from '../env.ts';
import { parseTime } from '../restore-times.ts';
import type { Origin } from './find-origin.ts';
import { noticingDamage } from './met-damage.ts';
import { programPlaces } from './program-places.ts';
import { jobsOf, type RestoreContext } from './restore-options.ts';
import { findScratchPlace } from './scratch-place.ts';

/** What is loaded, what it must hold, and of when it is. */
export interface FoundDump
  extends Pick<BesideOptions, 'source' | 'content' | 'restoredTo' | 'what' | 'dumpedVersion'> {
  /** Removes what was made for it. */
  dispose(): Promise<void>;
}

/** Which dump it will be, before anything is fetched. */
export interface ChosenDump {
  readonly what: string;
  /** What somebody called it. */
  readonly label: string | null;
  /** Of when it is, as far as that is known without reading it, ISO 8601. */
  readonly at: string | null;
  /** What somebody should know who lets it be restored, a sentence each. */
  readonly warnings: readonly string[];
  /** Fetches it for a database. @throws HoldfastError `restore_refused` when it holds none of that name */
  find(database: string): Promise<FoundDump>;
  /** What it holds of that database; undefined for one that does not say. @throws as `find` */
  contentOf(database: string): DatabaseContent | undefined;
  /** Runs what loads and compares it. @throws what the work does, with what was made of damage that it met */
  comparing<T>(work: () => Promise<T>): Promise<T>;
}

const PREFIX = 'load-';
/** A file says only when it was finished, and nothing from before its beginning is lost: rather too early than too late. */
const DUMPING_MS = 86_400_000;

/** The path when the argument is a file of pg_dump rather than the id of a backup. */
export function dumpPath({ positionals: [name], environment }: RestoreContext): string | undefined {
  if (name === undefined) return undefined;
  const path = resolve(environment.cwd, name);
  return name.includes('/') || /\.(sql|dump|gz|zst)$/.test(name) || existsSync(path) ? path : undefined;
}

/** A file that pg_dump wrote. @throws HoldfastError `usage`, `restore_refused` for what is none */
export async function dumpOfFile(path: string, { options }: RestoreContext): Promise<ChosenDump> {
  const { source, writtenAt } = await findDumpFile(path);
  const given = options['restored-to'];
  const restoredTo =
    given === undefined ? new Date(writtenAt.getTime() - DUMPING_MS) : parseTime('restored-to', given);
  return {
    what: path,
    label: null,
    at: null,
    warnings: [],
    comparing: work => work(),
    contentOf: () => undefined,
    find: async () => ({
      source,
      content: undefined,
      dumpedVersion: 0,
      restoredTo,
      what: path,
      dispose: async () => undefined,
    }),
  };
}

/** A backup as a dump of one database: as it is when it is one, else out of the restored cluster. */
export function dumpOfBackup(
  context: RestoreContext,
  configuration: Configuration,
  { places, origin }: { readonly places: BackupPlaces; readonly origin: Origin },
  signal: AbortSignal,
): ChosenDump {
  const { id, label = null, databases } = origin.backup.manifest;
  const noticing = { context, places, origin, signal };
  return {
    what: `backup ${id}`,
    label,
    at: origin.reach.at,
    warnings: origin.warnings,
    comparing: work => noticingDamage({ ...noticing, isolated: false }, work),
    contentOf: database => contentOf(databases, database, id),
    find: database =>
      noticingDamage({ ...noticing, isolated: true }, () =>
        fetchFromBackup(context, configuration, origin, database, signal),
      ),
  };
}

async function fetchFromBackup(
  context: RestoreContext,
  configuration: Configuration,
  origin: Origin,
  database: string,
  signal: AbortSignal,
): Promise<FoundDump> {
  const { manifest } = origin.backup;
  const content = contentOf(manifest.databases, database, manifest.id);
  const { directory } = await findScratchPlace(configuration, PREFIX);
  const dispose = (): Promise<void> => removeScratchDirectory(directory);
  const common = {
    what: `backup ${manifest.id}`,
    dumpedVersion: Math.floor(manifest.server.versionNumber / 10_000),
    dispose,
  };
  try {
    if (manifest.engine === 'logical') {
      await claimScratchDirectory(directory);
      const unpacking = { directory, owner: undefined, signal, onBytes: () => undefined };
      const source = await fetchDump(origin.repository, origin.backup, unpacking);
      return { ...common, source, content, restoredTo: new Date(manifest.point.snapshotAt) };
    }
    return { ...common, ...(await convert(context, configuration, origin, content, directory, signal)) };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function convert(
  context: RestoreContext,
  configuration: Configuration,
  origin: Origin,
  content: DatabaseContent,
  directory: string,
  signal: AbortSignal,
): Promise<Pick<FoundDump, 'source' | 'content' | 'restoredTo'>> {
  const { options, environment, terminal } = context;
  const { postgresUser: systemUser, postgresDir: sharedDir, postgresBin: binDir } = configuration.settings;
  const { target } = origin.reach;
  const [programs, jobs] = [programPlaces(configuration, environment), jobsOf(options)];
  const restored: MaterializedBackup = await materializeBackup({
    ...origin,
    target,
    directory,
    purpose: 'drill',
    systemUser,
    sharedDir,
    binDir,
    programs,
    jobs,
    signal,
    onProgress: progressLines(terminal),
  });
  const dumps = join(directory, 'dumps');
  await mkdir(dumps, { mode: 0o700 });
  terminal.progress('dumping the restored database');
  const source = await dumpMaterialized(restored, content.name, { programs, jobs, signal, directory: dumps });
  await restored.stop();
  const exact = target.kind === 'backup';
  const reached = exact ? undefined : restored.reached?.lastCommitAt;
  return {
    source,
    content: exact ? content : undefined,
    restoredTo: new Date(reached ?? restored.manifest.point.snapshotAt),
  };
}

function contentOf(databases: readonly DatabaseContent[], name: string, id: string): DatabaseContent {
  const found = databases.find(database => database.name === name) ?? databases[0];
  if (found !== undefined && (found.name === name || databases.length === 1)) return found;
  const names = databases.map(database => database.name).join(', ');
  const message = `Backup ${id} has no database ${name}; it has ${names === '' ? 'none that it describes' : names}`;
  throw new HoldfastError('restore_refused', message);
}
