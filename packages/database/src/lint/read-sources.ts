import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { errorMessage, HoldfastError } from '@holdfast/core';
import { parseFileName } from '../migrate/file-name.ts';
import { compareVersions } from '../migrate/migration.ts';
import { noMigrations } from '../migrate/read-migrations.ts';
import { duplicatesIn, groupByVersion, missingUpIn } from '../migrate/version-groups.ts';
import { normalSqlText } from '../sql-script/read-sql-file.ts';

/** A file to be linted, in its normal form. */
export interface LintSource {
  /** Its name, without the directory. */
  readonly file: string;
  readonly text: string;
  /** What keeps it from being run as a migration before its text is read: its name, or another file of its version. */
  readonly problem?: string | undefined;
}

/**
 * The migrations of a directory in the order of their versions, each as it is written: files that cannot be run as migrations are
 * there, too, each with its problem: a name without a version, a version used twice. Files of `.down.sql`, which undo, are left out
 * unless such a problem is theirs.
 * @throws `usage` when the directory cannot be read or has no migration in it; `sql_file_invalid` when a file is no text.
 */
export async function readLintSources(dir: string): Promise<LintSource[]> {
  const names = (await list(dir)).filter(name => !name.startsWith('.') && /\.sql$/i.test(name));
  if (names.length === 0) throw noMigrations(dir);
  const problems = findProblems(names);
  const shown = names.filter(name => parseFileName(name)?.part !== 'down' || problems.has(name));
  const sources: LintSource[] = [];
  for (const name of shown.sort(byVersion)) {
    sources.push({ ...(await readLintSource(join(dir, name))), problem: problems.get(name) });
  }
  return sources;
}

/** By file, what readMigrations would refuse it for before it looks into it. */
function findProblems(files: readonly string[]): Map<string, string> {
  const problems = new Map<string, string>();
  const names = files.map(parseFileName).filter(name => name !== undefined);
  for (const file of files) {
    if (parseFileName(file) === undefined)
      problems.set(file, 'It is not named like a migration (0001_name.sql). Rename or move it.');
  }
  for (const group of groupByVersion(names)) {
    const problem = duplicatesIn(group) ?? missingUpIn(group);
    if (problem === undefined) continue;
    const ups = group.filter(({ part }) => part !== 'down');
    for (const { file } of ups.length === 0 ? group : ups) problems.set(file, problem);
  }
  return problems;
}

/** One file. @throws `usage` when it cannot be read; `sql_file_invalid` when it is no text */
export async function readLintSource(path: string): Promise<LintSource> {
  const file = basename(path);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new HoldfastError('usage', `The file ${path} cannot be read: ${errorMessage(cause)}.`, {
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
    throw new HoldfastError('usage', message, { cause, details: { dir } });
  }
}

/** Files without a version come last, by name. */
function byVersion(one: string, other: string): number {
  const [a, b] = [parseFileName(one), parseFileName(other)];
  if (a !== undefined && b !== undefined)
    return compareVersions(a.version, b.version) || one.localeCompare(other);
  return a === undefined && b === undefined ? one.localeCompare(other) : a === undefined ? 1 : -1;
}
