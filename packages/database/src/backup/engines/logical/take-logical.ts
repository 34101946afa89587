import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { maskUrl, systemClock } from '@holdfast/core';
import type { BackupRequest, TakenBackup } from '../../backup-engine.ts';
import type { BackupWriter } from '../../backup-repository.ts';
import { exportSnapshot } from '../../content/content-queries.ts';
import { openContentSession } from '../../content/content-session.ts';
import { readContent, readSequencePositions } from '../../content/read-content.ts';
import { inWorkDirectory } from '../../store/work-directory.ts';
import { both } from '../both.ts';
import { programConnection } from '../programs/connection-environment.ts';
import { findProgram, type ProgramPlaces } from '../programs/find-program.ts';
import { programOutput, type RunOptions, runProgram } from '../programs/run-program.ts';
import { databaseUrl } from '../server-url.ts';
import { type Origin, readOrigin } from './origin-queries.ts';

export interface LogicalOptions {
  readonly programs: ProgramPlaces;
  /** Where pg_dump writes before its files are stored. Made when it is missing. */
  readonly workDirectory: string;
}

interface Dump {
  readonly request: BackupRequest;
  readonly writer: BackupWriter;
  readonly url: string;
  readonly program: string;
  readonly snapshot: string;
}

/** PostgreSQL's own default; waits for nobody for longer. */
const LOCK_WAIT = '60s';
const READ_BYTES = 1 << 20;

/**
 * A dump by pg_dump of one database, and what that holds in the same snapshot, read at the same time. `backup_not_possible`
 * when there is no pg_dump of a fitting version; `backup_failed` with what it says.
 */
export async function takeLogical(
  options: LogicalOptions,
  request: BackupRequest,
  writer: BackupWriter,
): Promise<TakenBackup> {
  const [database] = request.databases ?? [];
  const url = database === undefined ? request.url : databaseUrl(request.url, database);
  const begun = systemClock.monotonic();
  const sequencesBefore = await readSequencePositions(url);
  const holder = await openContentSession(url, undefined);
  const closeHolder = (): void => void holder.close();
  request.signal.addEventListener('abort', closeHolder, { once: true });
  try {
    const snapshot = await exportSnapshot(holder.connection);
    const origin = await readOrigin(holder.connection);
    const least = Math.floor(origin.versionNumber / 10_000);
    const { file: program } = await findProgram('pg_dump', options.programs, least);
    const content = { url, snapshot, jobs: request.jobs, holds: 'logical', sequencesBefore } as const;
    const [holds] = await both(request, signal => [
      readContent({
        ...content,
        signal,
        onProgress: (doneBytes, totalBytes) =>
          request.onProgress({ step: 'dumping, reading rows', doneBytes, totalBytes }),
      }),
      dump(options, { request: { ...request, signal }, writer, url, program, snapshot }),
    ]);
    return describe(request, writer, origin, systemClock.monotonic() - begun, holds);
  } catch (error) {
    throw request.signal.aborted ? request.signal.reason : error;
  } finally {
    request.signal.removeEventListener('abort', closeHolder);
    await holder.close();
  }
}

async function dump(options: LogicalOptions, work: Dump): Promise<void> {
  const { request, writer } = work;
  if (request.plain) {
    await writer.write('dump.sql', programOutput(dumpCommand(work, [])));
    return;
  }
  await inWorkDirectory(options.workDirectory, 'dump-', async directory => {
    const target = join(directory, 'dump');
    const compression = request.compression === 'none' ? ['--compress=0'] : [];
    await runProgram(
      dumpCommand(work, ['--format=directory', `--jobs=${request.jobs}`, `--file=${target}`, ...compression]),
    );
    request.onProgress({ step: 'storing the dump' });
    for (const name of (await readdir(target)).sort()) {
      request.signal.throwIfAborted();
      await writer.write(`dump/${name}`, readFileOf(join(target, name)), 'stored');
    }
  });
}

/** Into one and the same memory, which a writer allows for. */
async function* readFileOf(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const memory = Buffer.allocUnsafeSlow(READ_BYTES);
  await using file = await open(path, 'r');
  for (;;) {
    const { bytesRead } = await file.read(memory, 0, READ_BYTES);
    if (bytesRead === 0) return;
    yield memory.subarray(0, bytesRead);
  }
}

function dumpCommand({ request, url, program, snapshot }: Dump, args: readonly string[]): RunOptions {
  const connection = programConnection(url);
  return {
    file: program,
    args: [
      `--dbname=${connection.url}`,
      `--snapshot=${snapshot}`,
      `--lock-wait-timeout=${LOCK_WAIT}`,
      '--no-password',
      ...args,
    ],
    environment: connection.environment,
    signal: request.signal,
  };
}

function describe(
  request: BackupRequest,
  writer: BackupWriter,
  origin: Origin,
  durationMs: number,
  content: TakenBackup['databases'][number],
): TakenBackup {
  const snapshotAt = origin.at.toISOString();
  return {
    manifest: 'holdfast-backup',
    version: 1,
    id: writer.id,
    engine: 'logical',
    ...(request.label === undefined ? {} : { label: request.label }),
    createdAt: snapshotAt,
    durationMs: Math.round(durationMs),
    tool: { name: 'holdfast', version: request.toolVersion },
    server: {
      versionNumber: origin.versionNumber,
      systemIdentifier: origin.systemIdentifier,
      url: maskUrl(request.url),
    },
    compression: request.plain || request.compression === 'none' ? 'none' : 'gzip',
    encryption: null,
    point: { kind: 'logical', snapshotAt, lsn: origin.lsn },
    databases: [content],
    contentMissing: null,
  };
}
