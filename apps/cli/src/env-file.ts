import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { errorMessage } from '@holdfast/core';

/** The variables of an env file; with a `problem` when it was asked for and cannot be read. */
export interface EnvFile {
  readonly path: string | undefined;
  readonly values: Readonly<Record<string, string | undefined>>;
  readonly problem?: string;
}

/**
 * Reads the env file that was asked for, or `.env` in the working directory when there is one. Node.js itself looks for
 * `--env-file` among the arguments of a script, too, and ends with code 9 when there is no such file.
 */
export function readEnvFile(requested: string | undefined, cwd: string): EnvFile {
  const path = resolve(cwd, requested ?? '.env');
  try {
    return { path, values: parseEnv(readFileSync(path, 'utf8')) };
  } catch (error) {
    const absent = requested === undefined && (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (absent) return { path: undefined, values: {} };
    return { path, values: {}, problem: `cannot be read: ${errorMessage(error)}` };
  }
}
