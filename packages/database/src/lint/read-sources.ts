import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import { parseFileName } from '../migrate/file-name.ts';
import { compareVersions } from '../migrate/migration.ts';
import { normalSqlText } from '../sql-script/read-sql-file.ts';

/** A file to be linted, in its normal form. */
export interface LintSource {
  /** Its name, without the directory. */
  readonly file: string;
  readonly text: string;
}

/**
 * The migrations of a directory in the order of their versions, each as it is written: files that cannot be run as migrations are
 * there, too. Files of `.down.sql`, which undo, are left out.
 * @throws `sql_file_invalid` when the directory cannot be read, or a file is no text.
 */
export async function readLintSources(dir: string): Promise<LintSource[]> {
  const names = (await list(dir)).filter(name => !/^\.|\.down\.sql$/i.test(name) && /\.sql$/i.test(name));
  const sources: LintSource[] = [];
  for (const name of names.sort(byVersion)) sources.push(await readLintSource(join(dir, name)));
  return sources;
}

/** One file. @throws `sql_file_invalid` */
export async function readLintSource(path: string): Promise<LintSource> {
  const file = basename(path);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new HoldfastError('sql_file_invalid', `The file ${path} cannot be read.`, {
      cause,
      details: { path },
    });
  }
  return { file, text: normalSqlText(file, bytes) };
}

async function list(dir: string): Promise<string[]> {
  try {
    const entries = await readdir(dir, { withFileTypes: true });
    return entries.filter(entry => !entry.isDirectory()).map(entry => entry.name);
  } catch (cause) {
    const message = `The migrations directory ${dir} cannot be read.`;
    throw new HoldfastError('sql_file_invalid', message, { cause, details: { dir } });
  }
}

/** Files without a version come last, by name. */
function byVersion(one: string, other: string): number {
  const [a, b] = [parseFileName(one), parseFileName(other)];
  if (a !== undefined && b !== undefined)
    return compareVersions(a.version, b.version) || one.localeCompare(other);
  return a === undefined && b === undefined ? one.localeCompare(other) : a === undefined ? 1 : -1;
}
