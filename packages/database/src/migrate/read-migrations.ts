import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage, HoldfastError } from '@holdfast/core';
import { readSqlFile } from '../sql-script/read-sql-file.ts';
import { sqlFileError } from '../sql-script/sql-file-error.ts';
import { type MigrationFileName, parseFileName } from './file-name.ts';
import type { Migration } from './migration.ts';
import { parseSections, parseSingle } from './parse-migration.ts';
import { duplicatesIn, groupByVersion, missingUpIn } from './version-groups.ts';

/**
 * The migrations of a directory in the order of their versions, each parsed and checked as a whole, before any database is
 * touched. Versions may have gaps, as with timestamps; whether one may still be applied is decided against the ledger.
 * Files that do not end in `.sql`, files whose name starts with a dot, and directories are left alone.
 * @throws `sql_file_invalid` naming the file, the line and the problem: names that are no migration's, a version used twice,
 * a missing up section, statements that cannot be run this way. `usage` for a directory that cannot be read or, unless it may be
 * empty, has no migration in it.
 */
export async function readMigrations(
  dir: string,
  { mayBeEmpty = false }: { readonly mayBeEmpty?: boolean } = {},
): Promise<Migration[]> {
  const files = await listSqlFiles(dir);
  if (files.length === 0 && !mayBeEmpty) throw noMigrations(dir);
  const names = parseNames(files, dir);
  return Promise.all(groupByVersion(names).map(group => readMigration(dir, group)));
}

async function listSqlFiles(dir: string): Promise<string[]> {
  try {
    const entries = await readdir(dir, { withFileTypes: true });
    return entries
      .filter(entry => !entry.isDirectory() && !entry.name.startsWith('.') && /\.sql$/i.test(entry.name))
      .map(entry => entry.name)
      .sort();
  } catch (cause) {
    throw new HoldfastError(
      'usage',
      `The migrations directory ${dir} cannot be read: ${errorMessage(cause)}.`,
      {
        cause,
        details: { dir },
      },
    );
  }
}

function parseNames(files: readonly string[], dir: string): MigrationFileName[] {
  const wrong = files.filter(file => parseFileName(file) === undefined);
  if (wrong.length > 0) {
    const message = `Not named like a migration (0001_name.sql): ${wrong.join(', ')} in ${dir}. Rename or move them.`;
    throw new HoldfastError('sql_file_invalid', message, { details: { dir, files: wrong } });
  }
  return files.map(parseFileName).filter(name => name !== undefined);
}

async function readMigration(dir: string, group: readonly MigrationFileName[]): Promise<Migration> {
  refuseDuplicates(group);
  const main = group.find(({ part }) => part !== 'down');
  if (main === undefined) throw sqlFileError(group[0]?.file ?? dir, undefined, missingUpIn(group) ?? '');
  const { version, name, file } = main;
  const text = await readSqlFile(join(dir, file));
  if (main.part === 'both') {
    return { version, name, file, checksum: sha256(text), ...parseSections(file, text) };
  }
  const up = parseSingle(file, text, 'up');
  const downFile = group.find(({ part }) => part === 'down')?.file;
  if (downFile === undefined) return { version, name, file, checksum: sha256(text), up, down: undefined };
  const downText = await readSqlFile(join(dir, downFile));
  const checksum = sha256(`${sha256(text)}\n${sha256(downText)}\n`);
  return { version, name, file, checksum, up, down: parseSingle(downFile, downText, 'down') };
}

/** A directory without any migration is a wrong one, and no reason to say that all is well. */
export function noMigrations(dir: string): HoldfastError {
  const message = `There is no migration in ${dir}. Is it the right directory?`;
  return new HoldfastError('usage', message, { details: { dir } });
}

function refuseDuplicates(group: readonly MigrationFileName[]): void {
  const problem = duplicatesIn(group);
  if (problem === undefined) return;
  throw new HoldfastError('sql_file_invalid', problem, { details: { files: group.map(({ file }) => file) } });
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
