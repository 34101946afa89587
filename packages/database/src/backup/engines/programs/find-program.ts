import { constants } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import { runProgram } from './run-program.ts';

/** Where programs are looked for, in this order: the directory somebody named, PATH, the packages of the system. */
export interface ProgramPlaces {
  /** HOLDFAST_POSTGRES_BIN. */
  readonly binDir: string | undefined;
  /** The directories of PATH. */
  readonly path: readonly string[];
}

export interface FoundProgram {
  readonly file: string;
  readonly majorVersion: number;
  /** 0 for a version that is not released yet. */
  readonly minorVersion: number;
}

const PACKAGES = ['/usr/lib/postgresql', '/usr', '/opt/homebrew/opt', '/usr/local/opt'];

/**
 * A client program of PostgreSQL that is at least of a version, the smallest such version first, since a dump of a newer program
 * may need a newer server. Throws `backup_not_possible` with what was found instead.
 */
export async function findProgram(name: string, places: ProgramPlaces, least: number): Promise<FoundProgram> {
  const { binDir, path } = places;
  const directories = [...(binDir === undefined ? [] : [binDir]), ...path, ...(await packageDirectories())];
  const found = await versionsOf(name, directories);
  const fitting = found.filter(({ majorVersion }) => majorVersion >= least);
  const [best] = fitting.toSorted((a, b) => a.majorVersion - b.majorVersion);
  if (best !== undefined) return best;
  throw new HoldfastError('backup_not_possible', missing(name, least, found, directories), {
    details: {
      program: name,
      least,
      found: found.map(({ file, majorVersion }) => `${file} (${majorVersion})`),
    },
  });
}

function missing(
  name: string,
  least: number,
  found: readonly FoundProgram[],
  directories: readonly string[],
): string {
  const advice = `Install the client programs of PostgreSQL ${least} or newer (Debian: apt-get install postgresql-client-${least}), or name the directory that holds them with HOLDFAST_POSTGRES_BIN`;
  if (found.length === 0)
    return `This needs ${name} of PostgreSQL ${least} or newer, and there is none in ${directories.join(', ')}. ${advice}.`;
  const others = found.map(({ file, majorVersion }) => `${file} is of ${majorVersion}`).join(', ');
  return `The server is PostgreSQL ${least}, and ${name} must not be older: ${others}. ${advice}.`;
}

async function packageDirectories(): Promise<string[]> {
  const lists = await Promise.all(
    PACKAGES.map(async place => {
      const names = await readdir(place).catch(() => []);
      return names
        .filter(name => /^(pgsql-|postgresql@|libpq$)?\d*$/.test(name))
        .map(name => join(place, name, 'bin'));
    }),
  );
  return lists.flat();
}

async function versionsOf(name: string, directories: readonly string[]): Promise<FoundProgram[]> {
  const found = await Promise.all(
    [...new Set(directories)].map(directory => versionOf(join(directory, name))),
  );
  return found.filter(program => program !== undefined);
}

async function versionOf(file: string): Promise<FoundProgram | undefined> {
  try {
    await access(file, constants.X_OK);
    const said = await runProgram({ file, args: ['--version'], environment: {} });
    const [, major, minor = 0] = /\(PostgreSQL\) (\d+)(?:\.(\d+))?/.exec(said) ?? [];
    return major === undefined
      ? undefined
      : { file, majorVersion: Number(major), minorVersion: Number(minor) };
  } catch {
    return undefined;
  }
}
