import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import { readSqlFile } from '../sql-script/read-sql-file.ts';
import { sqlFileError } from '../sql-script/sql-file-error.ts';
import { type MigrationFileName, parseFileName } from './file-name.ts';
import { compareVersions, type Migration } from './migration.ts';
import { parseSections, parseSingle } from './parse-migration.ts';

/**
 * The migrations of a directory in the order of their versions, each parsed and checked as a whole, before any database is
 * touched. Versions may have gaps, as with timestamps; whether one may still be applied is decided against the ledger.
 * Files that do not end in `.sql`, files whose name starts with a dot, and directories are left alone.
 * @throws `sql_file_invalid` naming the file, the line and the problem: names that are no migration's, a version used twice,
 * a missing up section, statements that cannot be run this way; or a directory without any migration.
 */
export async function readMigrations(dir: string): Promise<Migration[]> {
  const names = parseNames(await listSqlFiles(dir), dir);
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
    throw new HoldfastError('sql_file_invalid', `The migrations directory ${dir} cannot be read.`, {
      cause,
      details: { dir },
    });
  }
}

function parseNames(files: readonly string[], dir: string): MigrationFileName[] {
  const wrong = files.filter(file => parseFileName(file) === undefined);
  if (wrong.length > 0) {
    const message = `Not named like a migration (0001_name.sql): ${wrong.join(', ')} in ${dir}. Rename or move them.`;
    throw new HoldfastError('sql_file_invalid', message, { details: { dir, files: wrong } });
  }
  if (files.length === 0) {
    const message = `There is no migration in ${dir}. Is it the right directory?`;
    throw new HoldfastError('sql_file_invalid', message, { details: { dir } });
  }
  return files.map(parseFileName).filter(name => name !== undefined);
}

function groupByVersion(names: readonly MigrationFileName[]): MigrationFileName[][] {
  const groups = Map.groupBy(names, ({ version }) => BigInt(version));
  return [...groups.values()].sort(([a], [b]) => compareVersions(a?.version ?? '0', b?.version ?? '0'));
}

async function readMigration(dir: string, group: readonly MigrationFileName[]): Promise<Migration> {
  refuseDuplicates(group);
  const main = group.find(({ part }) => part !== 'down');
  if (main === undefined) {
    const file = group[0]?.file ?? dir;
    throw sqlFileError(file, undefined, `no up file: ${file.replace(/\.down\.sql$/, '.up.sql')} is missing`);
  }
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

function refuseDuplicates(group: readonly MigrationFileName[]): void {
  const parts = new Set(group.map(({ part }) => part));
  const pair = group.length === 2 && parts.has('up') && parts.has('down');
  if (group.length === 1 || (pair && group[0]?.name === group[1]?.name)) return;
  const files = group.map(({ file }) => file);
  const message = `The version ${group[0]?.version} is used more than once: ${files.join(', ')}. Renumber one of them.`;
  throw new HoldfastError('sql_file_invalid', message, { details: { files } });
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
