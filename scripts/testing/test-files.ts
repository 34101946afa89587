import { glob } from 'node:fs/promises';
import { sep } from 'node:path';

const PATTERNS = ['{packages,apps}/*/{src,test}/**/*.test.{ts,tsx}', '{scripts,test,bench}/**/*.test.ts'];

/**
 * The test files of the checkout at `root`, relative and sorted. With filters, those whose path contains one of them,
 * or that a filter with `*` matches from the root.
 */
export async function findTestFiles(root: string, filters: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  const exclude = (path: string) => path.split(sep).includes('node_modules');
  for await (const path of glob(PATTERNS, { cwd: root, exclude })) files.push(path.split(sep).join('/'));
  const patterns = new Set<string>();
  for (const filter of filters.filter(text => text.includes('*'))) {
    for await (const path of glob(filter, { cwd: root })) patterns.add(path.split(sep).join('/'));
  }
  const texts = filters.filter(text => !text.includes('*')).map(text => text.replace(/^\.\//, ''));
  return files
    .filter(path => filters.length === 0 || patterns.has(path) || texts.some(text => path.includes(text)))
    .sort();
}
