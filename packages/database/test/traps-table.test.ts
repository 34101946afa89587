import assert from 'node:assert/strict';
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';

const ROOT = join(import.meta.dirname, '../../..');

/** The last column of every row that names a test. */
async function namedInTable(): Promise<string[]> {
  const table = await readFile(join(ROOT, 'docs/migrations/traps.md'), 'utf8');
  return [...table.matchAll(/\| (trap: [^|]+) \|$/gm)].map(match => match[1] ?? '');
}

async function namedInTests(): Promise<string[]> {
  const names: string[] = [];
  for await (const file of glob('trap-*.test.ts', { cwd: import.meta.dirname })) {
    const source = await readFile(join(import.meta.dirname, file), 'utf8');
    names.push(...[...source.matchAll(/\bit\('(trap: [^']+)'/g)].map(match => match[1] ?? ''));
  }
  return names;
}

it('every trap of the table has its test, and every such test its row', async () => {
  const [table, tests] = [await namedInTable(), await namedInTests()];
  assert.ok(table.length >= 20, `${table.length} traps`);
  assert.deepEqual(table.toSorted(), tests.toSorted());
});
