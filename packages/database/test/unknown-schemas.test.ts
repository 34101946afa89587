import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readLedgerMemory } from '@holdfast/database/drift';
import { sql } from '@holdfast/postgres';
import { column, createProject, failure, migration, tables } from './fixtures.ts';

const FILES = {
  '0001_app.sql': migration(
    'create schema if not exists "App"; create table "App".a ();',
    'drop schema "App" cascade;',
  ),
  '0002_block.sql': migration(
    "do $$ begin execute 'create schema by_block'; end $$;",
    'drop schema by_block;',
  ),
};
const SNAPSHOTS = sql`select schemas::text from holdfast_ledger.catalog_snapshots order by id`;

describe('a schema that nobody has and no migration creates', { timeout: 120_000 }, () => {
  it('is refused before anything is run, with the one that was meant', async t => {
    const project = await createProject(t, FILES);
    const error = await failure(project.up({ schemas: ['publik'] }), 'usage');
    assert.equal(
      error.message,
      'There is no schema publik, and no migration creates it; there are "App", public. Did you mean public? Nothing was run',
    );
    const two = await failure(project.up({ schemas: ['public', 'app', 'x'] }), 'usage');
    assert.match(
      two.message,
      /^There are no schemas app, x, and no migration creates them; .* Did you mean "App"\?/,
    );
    assert.deepEqual(
      await column(project.owner, sql`select nspname from pg_namespace where nspname = 'holdfast_ledger'`),
      [],
    );
    await project.up();
    await failure(project.down('0', { schemas: ['by_blok'] }), 'usage');
    assert.deepEqual(await project.states(), { '0001': 'applied', '0002': 'applied' });
  });

  it('is fine when one of them creates it, also inside a block, and is in the snapshot then', async t => {
    const project = await createProject(t, FILES);
    await project.up({ schemas: ['App', 'by_block'] });
    assert.deepEqual(await column(project.owner, SNAPSHOTS), ['{App,by_block}']);
  });

  it('that only a later migration creates leaves no snapshot of nothing', async t => {
    const project = await createProject(t, { ...FILES, '0000_a.sql': migration('create table a ();') });
    const told: (readonly string[])[] = [];
    const run = await project.up({
      to: '0',
      schemas: ['by_block'],
      onProgress: progress => {
        if (progress.kind === 'schemas_missing') told.push(progress.schemas);
      },
    });
    assert.deepEqual([run.snapshotStored, told, await tables(project.owner)], [false, [['by_block']], ['a']]);
    assert.equal((await readLedgerMemory(project.owner)).state, 'not_stored');
    await project.up({ to: '1', schemas: ['by_block', 'App'] });
    assert.deepEqual(await column(project.owner, SNAPSHOTS), ['{App}']);
  });
});
