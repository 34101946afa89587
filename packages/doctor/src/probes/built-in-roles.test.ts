import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { seedsDirectory } from '@holdfast/database';
import { BUILT_IN_ROLES } from './database-probe.ts';

it('the roles looked for are those of the seed built-in', async () => {
  const seed = await readFile(join(seedsDirectory(), 'built-in.sql'), 'utf8');
  const inserted = /insert into roles [\s\S]*?on conflict/.exec(seed)?.[0] ?? '';
  const names = [...inserted.matchAll(/\('[0-9a-f-]{36}', '([a-z]+)'/g)].map(match => match[1]);
  assert.deepEqual(names.sort(), [...BUILT_IN_ROLES]);
});
