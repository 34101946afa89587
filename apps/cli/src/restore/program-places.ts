import { delimiter } from 'node:path';
import type { Configuration, Environment } from '../env.ts';

/** Where the programs of PostgreSQL are looked for. */
export function programPlaces(
  { settings }: Configuration,
  { variables }: Environment,
): { readonly binDir: string | undefined; readonly path: readonly string[] } {
  return {
    binDir: settings.postgresBin,
    path: (variables.PATH ?? '').split(delimiter).filter(directory => directory !== ''),
  };
}
