import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage, HoldfastError } from '@holdfast/core';
import { readSqlFile } from '../sql-script/read-sql-file.ts';
import { parseSeed } from './parse-seed.ts';
import type { Seed } from './seed.ts';

/** What a directory holds. */
export interface SeedList {
  /** By name. */
  readonly seeds: readonly Seed[];
  /** The files that are no seeds, or not yet. */
  readonly problems: readonly { readonly file: string; readonly message: string }[];
}

/** The seeds of a directory: its `.sql` files, each parsed and checked. @throws `usage` when it cannot be read */
export async function listSeeds(dir: string): Promise<SeedList> {
  const seeds: Seed[] = [];
  const problems: { file: string; message: string }[] = [];
  for (const file of await listFiles(dir)) {
    try {
      seeds.push(parseSeed(file, await readSqlFile(join(dir, file))));
    } catch (error) {
      problems.push({ file, message: errorMessage(error) });
    }
  }
  return { seeds, problems };
}

/** One seed by its name. @throws `usage` when there is none, naming those there are, or the directory cannot be read */
export async function readSeed(dir: string, name: string): Promise<Seed> {
  const files = await listFiles(dir);
  const file = files.find(candidate => candidate === `${name}.sql`);
  if (file !== undefined) return parseSeed(file, await readSqlFile(join(dir, file)));
  const names = files.map(candidate => candidate.replace(/\.sql$/, '')).join(', ');
  throw new HoldfastError('usage', `There is no seed "${name}" in ${dir}; there are: ${names || 'none'}`);
}

async function listFiles(dir: string): Promise<string[]> {
  try {
    const entries = await readdir(dir, { withFileTypes: true });
    return entries
      .filter(entry => !entry.isDirectory() && /^[^.].*\.sql$/.test(entry.name))
      .map(entry => entry.name)
      .sort();
  } catch (cause) {
    throw new HoldfastError('usage', `The seeds directory ${dir} cannot be read: ${errorMessage(cause)}.`, {
      cause,
      details: { dir },
    });
  }
}
