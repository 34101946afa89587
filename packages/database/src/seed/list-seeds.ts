import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import { readSqlFile } from '../sql-script/read-sql-file.ts';
import { parseSeed } from './parse-seed.ts';
import type { Seed } from './seed.ts';

/** The seeds of a directory, by name: its `.sql` files, each parsed and checked. @throws `sql_file_invalid` */
export async function listSeeds(dir: string): Promise<Seed[]> {
  const seeds: Seed[] = [];
  for (const file of await listFiles(dir)) seeds.push(parseSeed(file, await readSqlFile(join(dir, file))));
  return seeds;
}

/** One seed by its name. @throws `usage` when there is none, naming those there are */
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
    throw new HoldfastError('sql_file_invalid', `The seeds directory ${dir} cannot be read.`, {
      cause,
      details: { dir },
    });
  }
}
