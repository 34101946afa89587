import { readFile } from 'node:fs/promises';
import { parseEnv } from 'node:util';
import { errorMessage, HoldfastError } from '@holdfast/core';

export type Variables = Readonly<Record<string, string | undefined>>;

/** The variables of an env file. @throws HoldfastError `configuration_invalid` when it cannot be read */
export async function readVariables(path: string): Promise<Variables> {
  try {
    return parseEnv(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new HoldfastError(
      'configuration_invalid',
      `The env file ${path} cannot be read: ${errorMessage(cause)}`,
      { cause },
    );
  }
}

/** A value of the configuration: itself, or what the variable it names holds. Undefined when that is not set. */
export function findValue(
  value: string | { readonly env: string } | undefined,
  ...sources: readonly Variables[]
): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  return sources.map(source => source[value.env]).find(found => found !== undefined && found !== '');
}
