import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errorMessage, HoldfastError, isHoldfastError } from '@holdfast/core';
import { programConnection } from '../../backup/engines/programs/connection-environment.ts';
import {
  type FoundProgram,
  findProgram,
  type ProgramPlaces,
} from '../../backup/engines/programs/find-program.ts';
import { runProgram } from '../../backup/engines/programs/run-program.ts';
import { leaveOutExtensions, listWithoutExtensions } from './leave-out-extensions.ts';
import { knowsRestrict, restrictPsql } from './restrict-psql.ts';
import { watchEnd } from './watch-end.ts';

/** A dump, wherever it is. */
export type DumpSource =
  /** What pg_dump writes with -Fd or -Fc. */
  | { readonly kind: 'archive'; readonly path: string }
  /** Statements for psql, uncompressed. */
  | { readonly kind: 'plain'; readonly open: () => Promise<Readable> };

export interface LoadOptions {
  readonly source: DumpSource;
  /** `backup`: its bytes are those that a backup of ours knows; `file`: whoever gave it may have written anything into it. */
  readonly from: 'backup' | 'file';
  /** An empty database, as a role that may do everything in it. */
  readonly url: string;
  /** Major version of the server that was dumped, or 0 when it is not known: the programs are at least of it. */
  readonly dumpedVersion: number;
  readonly programs: ProgramPlaces;
  readonly jobs: number;
  readonly signal: AbortSignal;
  /** Extensions that the role can neither make nor comment on: they are left out. */
  readonly deniedExtensions?: readonly string[];
}

/**
 * Loads a dump and stops at the first error. A plain one must end with the line that pg_dump writes last: psql is content with
 * one that was cut off between two statements. Resolves to the extensions that were left out. @throws HoldfastError `restore_failed`; `restore_refused` without the programs
 */
export async function loadDump(options: LoadOptions): Promise<readonly string[]> {
  const { source } = options;
  const leftOut =
    source.kind === 'archive'
      ? await runRestore(options, source.path)
      : await runPsql(options, await source.open());
  return [...leftOut];
}

async function program(name: string, { programs, dumpedVersion }: LoadOptions): Promise<FoundProgram> {
  try {
    return await findProgram(name, programs, dumpedVersion);
  } catch (error) {
    if (!isHoldfastError(error, 'backup_not_possible')) throw error;
    throw new HoldfastError('restore_refused', error.message, { cause: error });
  }
}

async function runRestore(options: LoadOptions, path: string): Promise<ReadonlySet<string>> {
  const { url, environment } = programConnection(options.url);
  const { deniedExtensions: denied = [], signal, jobs } = options;
  const { file } = await program('pg_restore', options);
  const restore = (more: readonly string[]): Promise<string> =>
    runProgram({
      file,
      args: [
        `--dbname=${url}`,
        ...['--exit-on-error', '--no-password', '--no-subscriptions', `--jobs=${jobs}`],
        ...more,
        path,
      ],
      environment,
      signal,
    });
  try {
    const all =
      denied.length === 0 ? '' : await runProgram({ file, args: ['--list', path], environment, signal });
    const { list, leftOut } = listWithoutExtensions(all, denied);
    await (leftOut.size === 0 ? restore([]) : withFile(list, name => restore([`--use-list=${name}`])));
    return leftOut;
  } catch (error) {
    if (!isHoldfastError(error, 'backup_failed')) throw error;
    throw new HoldfastError('restore_failed', `The dump cannot be restored: ${error.message}`, {
      cause: error,
    });
  }
}

async function withFile<T>(text: string, work: (path: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-list-'));
  try {
    const path = join(directory, 'list');
    await writeFile(path, text, { mode: 0o600 });
    return await work(path);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const ADVICE =
  'Nothing was changed. Restore another one (holdfast list-backups shows the backups), or make it anew, when its database is still there: pg_dump must end with status 0';

async function runPsql(options: LoadOptions, sql: Readable): Promise<ReadonlySet<string>> {
  const { url, environment } = programConnection(options.url);
  const args = ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '--no-password', '-o', '/dev/null', url];
  const psql = await program('psql', options);
  const restricted = knowsRestrict(psql);
  if (!restricted && options.from === 'file') throw unrestricted(psql);
  const child = spawn(psql.file, args, {
    env: environment,
    stdio: ['pipe', 'ignore', 'pipe'],
    signal: options.signal,
  });
  let said = '';
  child.stderr.on('data', chunk => {
    said = (said + String(chunk)).slice(-4_000);
  });
  const closed = once(child, 'close');
  const end = watchEnd();
  const filter = leaveOutExtensions(options.deniedExtensions ?? []);
  // psql that stops at an error closes its input; what it said tells more than that
  const fed = await pipeline(
    sql,
    filter.stream,
    end.stream,
    restricted ? restrictPsql() : new PassThrough(),
    child.stdin,
  ).then(
    () => undefined,
    error => error as NodeJS.ErrnoException,
  );
  const [status] = await closed;
  options.signal.throwIfAborted();
  if (fed !== undefined && fed.code !== 'EPIPE') throw unreadable(fed);
  if (status !== 0) throw stopped(said.trim());
  if (!end.complete()) {
    const message = `The dump is cut off: the line with which pg_dump ends one is missing, so rows or constraints are as well. ${ADVICE}`;
    throw new HoldfastError('restore_failed', message);
  }
  return filter.leftOut;
}

function stopped(said: string): HoldfastError {
  const why = /backslash commands are restricted/.test(said)
    ? `It holds a command of psql (a line that begins with a backslash), which can run programs on this machine, and nothing but SQL is run. pg_dump writes none, but \\connect with --create: make the dump without. Nothing was changed`
    : ADVICE;
  return new HoldfastError('restore_failed', `psql stopped: ${said}. ${why}`);
}

function unrestricted({ file, majorVersion, minorVersion }: FoundProgram): HoldfastError {
  const message = `${file} is of ${majorVersion}.${minorVersion}, which cannot be kept from running the programs that a script names. Update it to the newest minor release: 15.14, 16.10 and 17.6 can`;
  return new HoldfastError('restore_refused', message, { details: { file } });
}

function unreadable(error: Error): Error {
  if (isHoldfastError(error)) return error;
  const message = `The dump cannot be read to its end: ${errorMessage(error)}. ${ADVICE}`;
  return new HoldfastError('restore_failed', message, { cause: error });
}
