import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import type { ProgramPlaces } from '../programs/find-program.ts';
import { runProgram } from '../programs/run-program.ts';

const NAME = 'pgbackrest';
/** Where packages put it. */
const PACKAGES = ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'];
/** The oldest one that this was tried with: of Debian 12. */
const LEAST = [2, 45] as const;

export interface FoundPgbackrest {
  readonly file: string;
  /** `2.45` */
  readonly version: string;
}

/** pgBackRest on this machine. @throws HoldfastError `backup_not_possible` with where it was looked for, or which one is too old */
export async function findPgbackrest(
  { binDir, path }: ProgramPlaces,
  packages: readonly string[] = PACKAGES,
): Promise<FoundPgbackrest> {
  const directories = [...new Set([...(binDir === undefined ? [] : [binDir]), ...path, ...packages])];
  const old: FoundPgbackrest[] = [];
  for (const directory of directories) {
    const found = await versionOf(join(directory, NAME));
    if (found === undefined) continue;
    if (isNewEnough(found.version)) return found;
    old.push(found);
  }
  const what =
    old.length === 0
      ? `there is no ${NAME} in ${directories.join(', ')}`
      : old.map(({ file, version }) => `${file} is ${version}`).join(', ');
  throw new HoldfastError(
    'backup_not_possible',
    `This needs pgBackRest ${LEAST.join('.')} or newer, and ${what}. Install it (Debian: apt-get install pgbackrest), or name the directory that holds it with HOLDFAST_POSTGRES_BIN.`,
    { details: { program: NAME, least: LEAST.join('.'), found: old.map(({ file }) => file) } },
  );
}

async function versionOf(file: string): Promise<FoundPgbackrest | undefined> {
  try {
    await access(file, constants.X_OK);
    const said = await runProgram({ file, args: ['version'], environment: {} });
    const version = /^pgBackRest (\d+\.\d+\S*)/m.exec(said)?.[1];
    return version === undefined ? undefined : { file, version };
  } catch {
    return undefined;
  }
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(part => Number.parseInt(part, 10));
  return major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);
}
