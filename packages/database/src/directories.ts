import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { HoldfastError } from '@holdfast/core';

/** The directory of Holdfast's own migrations: beside the built code, or at the root of a checkout. */
export function migrationsDirectory(): string {
  return find('migrations');
}

/** The directory of Holdfast's own seeds: beside the built code, or at the root of a checkout. */
export function seedsDirectory(): string {
  return find('seeds');
}

function find(name: string): string {
  const here = import.meta.dirname;
  const found = [join(here, name), join(here, '..', '..', '..', name)].find(path => existsSync(path));
  if (found !== undefined) return found;
  throw new HoldfastError('internal', `This installation lacks its directory "${name}"; install it again.`);
}
