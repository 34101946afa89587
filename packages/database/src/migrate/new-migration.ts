import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, HoldfastError } from '@holdfast/core';
import { makeDirectory } from '@holdfast/postgres';
import { parseFileName } from './file-name.ts';
import { compareVersions } from './migration.ts';

const CONTENT = '-- migrate:up\n\n\n-- migrate:down\n\n';
const DEFAULT_WIDTH = 4;
const TIMESTAMP_WIDTH = 14;

/** What was made. */
export interface NewMigration {
  readonly path: string;
  /** The directory, or the first one above it, that was not there before. */
  readonly madeDirectory: string | undefined;
}

/**
 * Makes an empty migration with both sections. Its version follows the last one, in the width that is in
 * use; where versions are timestamps of 14 digits, it is the time in UTC. Never overwrites; makes the directory when there is none.
 * @throws `usage` for a name without a letter or digit; `conflict` when somebody made the same file at the same time
 */
export async function newMigration(
  dir: string,
  name: string,
  clock: Pick<Clock, 'now'>,
): Promise<NewMigration> {
  const slug = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '');
  if (slug === '') throw new HoldfastError('usage', `"${name}" is no name: it needs a letter or a digit`);
  const madeDirectory = await makeDirectory(dir);
  const path = join(dir, `${nextVersion(await lastVersion(dir), clock)}_${slug}.sql`);
  try {
    await writeFile(path, CONTENT, { flag: 'wx' });
  } catch (cause) {
    throw new HoldfastError('conflict', `${path} cannot be made, or is there already`, { cause });
  }
  return { path, madeDirectory };
}

async function lastVersion(dir: string): Promise<string | undefined> {
  const versions = (await readdir(dir)).flatMap(file => parseFileName(file)?.version ?? []);
  return versions.sort(compareVersions).at(-1);
}

function nextVersion(last: string | undefined, clock: Pick<Clock, 'now'>): string {
  const following = BigInt(last ?? '0') + 1n;
  if (last?.length !== TIMESTAMP_WIDTH) {
    return following.toString().padStart(last?.length ?? DEFAULT_WIDTH, '0');
  }
  const now = BigInt(new Date(clock.now()).toISOString().replaceAll(/\D/g, '').slice(0, TIMESTAMP_WIDTH));
  return (now > following ? now : following).toString();
}
