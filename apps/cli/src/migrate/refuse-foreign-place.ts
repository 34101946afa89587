import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { HoldfastError, shellWord } from '@holdfast/core';

/** Where projects usually keep theirs. */
const USUAL = ['db/migrations', 'migrations'] as const;

/**
 * Holdfast's own directory of migrations is for those who work on Holdfast: whoever stands outside of the checkout means another.
 * @param own that directory, at the root of the checkout
 * @throws `usage` with what to type
 */
export function refuseForeignPlace(own: string, cwd: string, name: string): void {
  const way = relative(realpathSync(dirname(own)), realpathSync(cwd));
  if (way.split(/[\\/]/)[0] !== '..') return;
  const usual = USUAL.find(dir => existsSync(join(cwd, dir))) ?? USUAL[0];
  throw new HoldfastError(
    'usage',
    `Without --migrations the file would be one of Holdfast's own, in ${own}. Say where yours are: holdfast migrate new ${shellWord(name)} --migrations ${usual}`,
  );
}
