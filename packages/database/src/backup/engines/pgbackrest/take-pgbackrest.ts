import { join } from 'node:path';
import { errorMessage, HoldfastError, isHoldfastError } from '@holdfast/core';
import type { BackupRequest, TakenBackup } from '../../backup-engine.ts';
import type { BackupWriter } from '../../backup-repository.ts';
import { inWorkDirectory } from '../../store/work-directory.ts';
import { both } from '../both.ts';
import type { LogicalOptions } from '../logical/take-logical.ts';
import {
  type ClusterSession,
  describeCluster,
  notPossible,
  withClusterSession,
} from '../physical/cluster-session.ts';
import { readAtPoint } from '../physical/read-at-point.ts';
import { storeWal } from '../physical/store-wal.ts';
import { unlessFailed } from '../physical/unless-failed.ts';
import { outputLines } from '../programs/output-lines.ts';
import { runProgram } from '../programs/run-program.ts';
import { type FoundPgbackrest, findPgbackrest } from './find-pgbackrest.ts';
import { type ClusterPlace, readClusterPlace } from './origin-queries.ts';
import { type PgbackrestRun, pgbackrestCommand, progressOf } from './pgbackrest-command.ts';
import { pgbackrestConnection } from './pgbackrest-connection.ts';
import { type MadeBackup, readMadeBackup } from './read-made-backup.ts';
import { requireLocal } from './require-local.ts';
import { storeRepository } from './store-repository.ts';

/** One run: what it copies, and with what. */
interface Copy {
  readonly session: ClusterSession;
  readonly found: FoundPgbackrest;
  readonly run: PgbackrestRun;
  /** For the commands that look at the cluster. */
  readonly args: readonly string[];
  readonly place: ClusterPlace;
}

/**
 * A full backup by pgBackRest, in a repository of its own whose files become those of the backup, with the WAL that we receive
 * meanwhile and the point at which content was read. Needs neither a stanza nor an archive_command.
 * @throws HoldfastError `backup_not_possible` without a pgBackRest that knows the server's version, or where it cannot read the
 *   server's files; `backup_failed` with what it says, and for pages whose checksum is wrong
 */
export async function takePgbackrest(
  options: LogicalOptions,
  request: BackupRequest,
  writer: BackupWriter,
): Promise<TakenBackup> {
  const found = await findPgbackrest(options.programs);
  return withClusterSession('pgbackrest', request, writer, session =>
    inWorkDirectory(options.workDirectory, 'pgbackrest-', directory => take(session, found, directory)),
  );
}

async function take(
  session: ClusterSession,
  found: FoundPgbackrest,
  directory: string,
): Promise<TakenBackup> {
  const { wal, name, clock, request } = session;
  const begun = clock.monotonic();
  const { systemIdentifier } = await wal.identifySystem();
  const copy = await prepare(session, found, directory, systemIdentifier);
  // from here on the server keeps the WAL
  await wal.createPhysicalSlot(name, { temporary: true, reserveWal: true });
  const end = Promise.withResolvers<string>();
  const { made, collecting } = await copyCluster(copy, end.promise);
  refuseBadPages(made);
  const [content] = await both(request, signal => [
    readAtPoint({ ...session, request: { ...request, signal } }, end.resolve),
    storeRepository(copy.run.repository, session.writer, signal),
  ]);
  await collecting;
  const { databases, contentMissing, consistentLsn, snapshotAt } = content;
  const { timeline, startLsn, stopLsn } = made;
  return {
    ...describeCluster(session, systemIdentifier, snapshotAt, clock.monotonic() - begun),
    point: { kind: 'physical', timeline, startLsn, stopLsn, consistentLsn, snapshotAt },
    databases,
    contentMissing,
  };
}

/** Looks whether it can be done, and makes the repository. */
async function prepare(
  session: ClusterSession,
  found: FoundPgbackrest,
  directory: string,
  systemIdentifier: string,
): Promise<Copy> {
  const { request, sql } = session;
  const place = await readClusterPlace(sql);
  const dataDirectory = await requireLocal(place, systemIdentifier);
  const connection = pgbackrestConnection(request.url, place.role);
  const run = {
    program: found.file,
    repository: join(directory, 'repository'),
    lockDir: join(directory, 'lock'),
    signal: request.signal,
    environment: connection.environment,
  };
  const copy = { session, found, run, args: [`--pg1-path=${dataDirectory}`, ...connection.args], place };
  await explained(copy, () => runProgram(pgbackrestCommand('stanza-create', run, copy.args)));
  return copy;
}

/** Lets it copy the cluster, and stores the WAL from where that began. */
async function copyCluster(
  copy: Copy,
  end: Promise<string>,
): Promise<{ readonly made: MadeBackup; readonly collecting: Promise<void> }> {
  const { session, run } = copy;
  session.request.onProgress({ step: 'waiting for a checkpoint' });
  const begun = Promise.withResolvers<{ readonly timeline: number; readonly startLsn: string }>();
  const collecting = begun.promise.then(beginning => storeWal(session, beginning, end, 'tar'));
  // seen below; until then it is no unhandled rejection
  collecting.catch(() => undefined);
  await whileRunning(run, signal => {
    const copying = explained(copy, () => runBackup({ ...copy, run: { ...run, signal } }, begun.resolve));
    return [unlessFailed(collecting, copying), copying];
  });
  const made = await readMadeBackup(run.repository);
  // where a newer version words its log in another way, the slot has the WAL all the same
  begun.resolve(made);
  return { made, collecting };
}

/** Waits for a program that writes to our directory to have ended, also when what it is for has failed. */
async function whileRunning(
  { signal }: PgbackrestRun,
  start: (signal: AbortSignal) => readonly [work: Promise<unknown>, program: Promise<unknown>],
): Promise<void> {
  const stop = new AbortController();
  const [work, program] = start(signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]));
  try {
    await work;
  } catch (error) {
    stop.abort(error);
    await program.catch(() => undefined);
    throw error;
  }
}

const BEGINNING = /backup start archive = ([0-9A-F]{8})[0-9A-F]{16}, lsn = ([0-9A-F]+\/[0-9A-F]+)/;

async function runBackup(
  { session, run, args, place }: Copy,
  onBegin: (beginning: { readonly timeline: number; readonly startLsn: string }) => void,
): Promise<void> {
  const { onProgress } = session.request;
  for await (const line of outputLines(pgbackrestCommand('backup', run, [...args, ...wishes(session)]))) {
    const [, timeline, startLsn] = BEGINNING.exec(line) ?? [];
    if (timeline !== undefined && startLsn !== undefined)
      onBegin({ timeline: Number.parseInt(timeline, 16), startLsn });
    const part = progressOf(line);
    if (part !== undefined)
      onProgress({
        step: 'copying',
        doneBytes: Math.round(part * place.bytes),
        totalBytes: Math.round(place.bytes),
      });
  }
}

const COMPRESSION = { zstd: 'zst', gzip: 'gz', none: 'none' } as const;

function wishes({ request }: ClusterSession): string[] {
  return [
    '--type=full',
    '--start-fast',
    // we bring the WAL, whatever the server archives
    '--no-archive-check',
    '--no-expire-auto',
    '--no-resume',
    `--process-max=${request.jobs}`,
    `--compress-type=${COMPRESSION[request.compression]}`,
    // as it is, file by file, or the small ones in bundles
    request.plain ? '--no-repo1-bundle' : '--repo1-bundle',
  ];
}

/** What it cannot do here is told from what went wrong. */
async function explained<T>({ session, found }: Copy, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isHoldfastError(error, 'backup_failed')) throw error;
    const said = errorMessage(error);
    const major = Math.floor(session.server.versionNumber / 10_000);
    if (/unexpected control version|VersionNotSupported|version of PostgreSQL/i.test(said))
      throw notPossible(
        'pgbackrest',
        `pgBackRest ${found.version} (${found.file}) does not know PostgreSQL ${major}. Install a newer one, or use --engine physical. It says: ${said}`,
      );
    throw error;
  }
}

function refuseBadPages({ badPages }: MadeBackup): void {
  if (badPages.length === 0) return;
  const shown = badPages.slice(0, 5).join(', ');
  throw new HoldfastError(
    'backup_failed',
    `The database is damaged: pgBackRest found pages with a wrong checksum in ${shown}${badPages.length > 5 ? ` and ${badPages.length - 5} more files` : ''}. Nothing was kept, so that no backup with the damage takes the place of a sound one. holdfast backup verify and holdfast restore tell what there is from before.`,
    { details: { files: badPages } },
  );
}
