import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { errorMessage, HoldfastError, isHoldfastError } from '@holdfast/core';
import type { BackupRepository, StoredBackup } from '../../backup-repository.ts';
import type { BackupProblem } from '../../manifest.ts';
import { originalPaths } from '../../store/open-file.ts';
import { inWorkDirectory } from '../../store/work-directory.ts';
import type { LogicalOptions } from '../logical/take-logical.ts';
import { findProgram } from '../programs/find-program.ts';
import { programOutput } from '../programs/run-program.ts';

/** The last words of a script that pg_dump finished. */
const COMPLETE = /\n-- PostgreSQL database dump complete\n--\n(\n|\\unrestrict \S+\n)*$/;
const KEPT_END = 4_096;

/**
 * Reads every byte of a dump as a restore would: pg_restore turns all of it into SQL that nobody runs; a plain script is read to
 * the words that pg_dump ends it with. Throws `backup_not_possible` when there is no pg_restore that can read it.
 */
export async function decodeLogical(
  { programs, workDirectory }: LogicalOptions,
  repository: BackupRepository,
  backup: StoredBackup,
): Promise<readonly BackupProblem[]> {
  const { manifest } = backup;
  const files = originalPaths(manifest);
  const script = files.find(({ originalPath }) => originalPath === 'dump.sql');
  if (script !== undefined) return readScript(repository, backup, script.file.path);
  const { file } = await findProgram(
    'pg_restore',
    programs,
    Math.floor(manifest.server.versionNumber / 10_000),
  );
  return inWorkDirectory(workDirectory, 'decode-', async directory => {
    try {
      for (const { file: stored, originalPath } of files) {
        const source = await repository.open(backup, stored.path, 'original');
        const name = originalPath.replace(/^dump\//, '');
        await pipeline(source, createWriteStream(join(directory, name), { flags: 'wx', mode: 0o600 }));
      }
      const args = ['--file=-', directory];
      for await (const _sql of programOutput({ file, args, environment: { LC_ALL: 'C' } }));
      return [];
    } catch (error) {
      if (NO_ROOM.includes((error as NodeJS.ErrnoException).code ?? '')) throw noRoom(workDirectory, error);
      if (isHoldfastError(error, 'backup_failed') && error.details?.status === null) throw error;
      return [undecodable(error, manifest.id)];
    }
  });
}

const NO_ROOM = ['ENOSPC', 'EDQUOT', 'EROFS'];

/** A disk that is full here says nothing about the backup. */
function noRoom(directory: string, cause: unknown): HoldfastError {
  const message = `The dump cannot be unpacked to be read, into ${directory}: ${errorMessage(cause)}. Nothing is known of the backup. Make room there and verify it again`;
  return new HoldfastError('backup_not_possible', message, { cause });
}

async function readScript(
  repository: BackupRepository,
  backup: StoredBackup,
  path: string,
): Promise<readonly BackupProblem[]> {
  let end = '';
  try {
    for await (const chunk of await repository.open(backup, path, 'original')) {
      end = (end + (chunk as Buffer).toString('latin1')).slice(-KEPT_END);
    }
  } catch (error) {
    return [undecodable(error, path)];
  }
  if (COMPLETE.test(end)) return [];
  return [
    {
      code: 'does_not_decode',
      subject: path,
      message: 'the script is cut off: it does not end as pg_dump ends one',
    },
  ];
}

function undecodable(error: unknown, subject: string): BackupProblem {
  if (isHoldfastError(error) && error.code !== 'backup_damaged' && error.code !== 'backup_failed')
    throw error;
  const details = isHoldfastError(error) ? error.details : undefined;
  const path = typeof details?.path === 'string' ? details.path : subject;
  return { code: 'does_not_decode', subject: path, message: errorMessage(error) };
}
