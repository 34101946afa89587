import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import { seedsDirectory } from '../directories.ts';
import { listSeeds } from './list-seeds.ts';
import { parseSeed } from './parse-seed.ts';

const INSERT = 'insert into a values (1) on conflict (b) do nothing;';

describe('parseSeed', () => {
  it('reads where it belongs and what it is', () => {
    const seed = parseSeed(
      'x.sql',
      `-- Some rows.\n-- environments: test, development\n-- More.\n\n-- not this\n${INSERT}`,
    );
    assert.deepEqual(
      [seed.name, seed.environments, seed.description, seed.statements.length],
      ['x', ['development', 'test'], 'Some rows.\nMore.', 1],
    );
  });

  it('knows all', () => {
    const { environments } = parseSeed('x.sql', '-- environments: all');
    assert.deepEqual(environments, ['development', 'test', 'production']);
  });

  const REFUSED: readonly (readonly [name: string, text: string, problem: RegExp])[] = [
    ['a file that does not say where it belongs', INSERT, /must say where it may be applied/],
    ['that below a statement', `${INSERT}\n-- environments: all`, /must say where it may be applied/],
    ['an unknown environment', '-- a\n-- environments: staging', /line 2: unknown environment "staging"/],
    ['all among others', '-- environments: all, test', /unknown environment "all"/],
    [
      'an insert that fails the second time',
      '-- environments: all\ninsert into a values (1)',
      /line 2: .*ON CONFLICT/,
    ],
    [
      'words in a literal',
      "-- environments: all\ninsert into a values ('on conflict do nothing')",
      /line 2: .*ON CONFLICT/,
    ],
    [
      'an update of what is there',
      '-- environments: all\ninsert into a values (1) on conflict (b) do update set c = 1',
      /DO NOTHING/,
    ],
    ['other statements', `-- environments: all\n${INSERT}\ndelete from a;`, /line 3: a seed only inserts/],
  ];
  for (const [name, text, problem] of REFUSED) {
    it(`refuses ${name}`, () => {
      assert.throws(
        () => parseSeed('x.sql', text),
        error => isHoldfastError(error, 'sql_file_invalid') && problem.test(error.message),
      );
    });
  }
});

describe('the seeds of Holdfast', () => {
  it('are built-in and development', async () => {
    const { seeds, problems } = await listSeeds(seedsDirectory());
    assert.deepEqual(problems, []);
    assert.deepEqual(
      seeds.map(({ name, environments }) => [name, environments]),
      [
        ['built-in', ['development', 'test', 'production']],
        ['development', ['development', 'test']],
      ],
    );
    for (const { description } of seeds) assert.notEqual(description, '');
  });
});
