import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { connect } from '@holdfast/postgres';
import { emptyDatabase } from '@holdfast/testing';
import { runHoldfast, runHoldfastJson } from './run-command-line.ts';

function seeds(t: TestContext, files: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-own-seeds-'));
  t.after(() => rmSync(dir, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  return dir;
}

const DEMO = `-- environments: development, test
-- Two products.
-- To try things with.

insert into products values (1), (2) on conflict do nothing;
`;

describe('holdfast seed --seeds', () => {
  it('lists seeds of any directory, as text and as JSON', async t => {
    const dir = seeds(t, { 'demo.sql': DEMO, 'base.sql': '-- environments: all\n', 'README.md': 'x' });
    const { stdout } = await runHoldfast(['seed', '--list', '--seeds', dir]);
    assert.equal(stdout, 'base (development, test, production)\ndemo (development, test)\n  Two products.\n');
    const { result } = await runHoldfastJson(['seed', '--list', '--seeds', dir]);
    assert.deepEqual(result, {
      seeds: [
        { name: 'base', environments: ['development', 'test', 'production'], description: '' },
        {
          name: 'demo',
          environments: ['development', 'test'],
          description: 'Two products.\nTo try things with.',
        },
      ],
      problems: [],
    });
  });

  it('applies one to a foreign database, after a dry run', async t => {
    const { ownerUrl } = await emptyDatabase(t);
    const owner = await connect({ url: ownerUrl });
    t.after(() => owner.close());
    await owner.script('create table products (id int primary key)');
    const args = ['seed', 'demo', '--seeds', seeds(t, { 'demo.sql': DEMO }), '--database-url', ownerUrl];
    const dry = await runHoldfast([...args, '--dry-run']);
    assert.match(
      dry.stdout,
      /^Seed demo: 2 rows would be inserted, 0 were there\.\n {2}products: 2 would be inserted/,
    );
    const { code, stdout } = await runHoldfast(args);
    assert.deepEqual([code, stdout.split('\n')[0]], [0, 'Seed demo: 2 rows inserted, 0 were there.']);
    const refused = await runHoldfast(args, { NODE_ENV: 'production' });
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /is for development and test, and this is production/);
  });

  it("does not tell the owner of another project to migrate when a seed of Holdfast's does not belong", async t => {
    const { ownerUrl } = await emptyDatabase(t);
    const owner = await connect({ url: ownerUrl });
    t.after(() => owner.close());
    await owner.script('create table users (id int primary key, email text)');
    const dir = seeds(t, { 'demo.sql': '-- environments: all\n' });
    assert.equal((await runHoldfast(['seed', 'demo', '--seeds', dir, '--database-url', ownerUrl])).code, 0);
    const { code, stderr } = await runHoldfast(['seed', 'development', '--database-url', ownerUrl]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /fills the tables of Holdfast, and this database has none of them\. Nothing was inserted/,
    );
    assert.match(stderr, /write a seed of your own: holdfast seed --help/);
  });

  it('says what is wrong with a file, and where', async t => {
    const { ownerUrl } = await emptyDatabase(t);
    for (const [text, problem] of [
      ['insert into a values (1) on conflict do nothing', /broken\.sql: a comment at its top must say where/],
      ['-- environments: all\ndelete from a;', /broken\.sql, line 2: a seed only inserts/],
      [
        '-- environments: all\n\ninsert into a values (1)',
        /broken\.sql, line 3: the INSERT must end in ON CONFLICT/,
      ],
    ] as const) {
      const dir = seeds(t, { 'broken.sql': text });
      const { code, stderr } = await runHoldfast([
        'seed',
        'broken',
        '--seeds',
        dir,
        '--database-url',
        ownerUrl,
      ]);
      assert.equal(code, 1);
      assert.match(stderr, problem);
    }
    const nowhere = await runHoldfast(['seed', '--list', '--seeds', '/nowhere']);
    assert.equal(nowhere.code, 2);
    assert.match(nowhere.stderr, /The seeds directory \/nowhere cannot be read/);
    const applied = await runHoldfast(['seed', '--seeds', '/nowhere', '--database-url', ownerUrl]);
    assert.equal(applied.code, 2);
    assert.match(applied.stderr, /The seeds directory \/nowhere cannot be read: ENOENT/);
  });

  it('lists the good seeds beside a bad one', async t => {
    const dir = seeds(t, {
      'broken.sql': '-- environments: all\ndelete from a;',
      'good.sql': '-- environments: test\ninsert into a values (1) on conflict do nothing;',
    });
    const list = ['seed', '--list', '--seeds', dir];
    const { code, stdout } = await runHoldfast(list);
    assert.equal(code, 1);
    assert.match(stdout, /^good \(test\)$/m);
    assert.match(stdout, /^broken\.sql is no seed:\n {2}.*line 2: a seed only inserts/m);
    const { result } = await runHoldfastJson<{ seeds: { name: string }[]; problems: { file: string }[] }>(
      list,
    );
    assert.deepEqual(
      [result.seeds.map(({ name }) => name), result.problems.map(({ file }) => file)],
      [['good'], ['broken.sql']],
    );
  });
});
