import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoredBackup } from '@holdfast/database/backup';
import { planRestore } from '@holdfast/database/restore';
import { connect } from '@holdfast/postgres';
import { throwawayHome } from '@holdfast/testing';

function backupOf(rows: Readonly<Record<string, number>>): StoredBackup {
  const tables = Object.entries(rows).map(([name, count]) => ({ schema: 'public', name, rows: count }));
  return {
    manifest: {
      id: '20261121T000000Z-physical-aaaa',
      point: { kind: 'logical', snapshotAt: '2026-11-21T00:00:00.000Z', lsn: null },
      server: { systemIdentifier: null },
      files: [],
      databases: [{ name: 'shop', bytes: 1, tables }],
    },
    validations: [],
  } as unknown as StoredBackup;
}

test('what would be lost is counted where statistics were never gathered, or said not to be', async t => {
  const place = await throwawayHome(t);
  const { superuserUrl } = await place.start();
  const presentUrl = superuserUrl.replace(/\/postgres$/, '/holdfast');
  const connection = await connect({ url: presentUrl });
  t.after(() => connection.close());
  await connection.script(`
    create table same (id int); insert into same select generate_series(1, 15);
    create table fewer (id int); insert into fewer select generate_series(1, 12);
    create table large (id int, filler text) with (autovacuum_enabled = off);
    alter table large alter filler set storage plain;
    insert into large select number, repeat('x', 4000) from generate_series(1, 2200) number;
    create table measured (id int, filler text) with (autovacuum_enabled = off);
    alter table measured alter filler set storage plain;
    insert into measured select number, repeat('x', 4000) from generate_series(1, 2200) number;
    analyze measured;
  `);
  const plan = await planRestore({
    backup: backupOf({ same: 15, fewer: 15, large: 2200, measured: 2300 }),
    archive: undefined,
    target: { kind: 'backup' },
    presentUrl,
    place: undefined,
  });
  assert.deepEqual(plan.lost.tables, [
    { database: 'holdfast', table: 'public.measured', backup: 2300, present: 2200, counted: false },
    { database: 'holdfast', table: 'public.fewer', backup: 15, present: 12, counted: true },
    { database: 'holdfast', table: 'public.large', backup: 2200, present: null, counted: false },
  ]);
});
