import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { HealthReport } from '@holdfast/database/health';
import type { RestorePlan } from '@holdfast/database/restore';
import type { Diagnosis } from '@holdfast/doctor';
import { connect, sql } from '@holdfast/postgres';
import { storePhysicalBackup, throwawayHome } from '@holdfast/testing';
import { runHoldfast, runHoldfastJson } from './run-command-line.ts';

const USERS = 'create table users (id int primary key, t text); insert into users select';

test('tables of the same name in another database are compared with themselves', async t => {
  const { home, start } = await throwawayHome(t);
  const { superuserUrl } = await start();
  const urlOf = (name: string): string => Object.assign(new URL(superuserUrl), { pathname: `/${name}` }).href;
  const run = async (database: string, script: string): Promise<void> => {
    const db = await connect({ url: urlOf(database) });
    await db.script(script).finally(() => db.close());
  };
  await run('holdfast', `${USERS} n from generate_series(1, 150) n`);
  const admin = await connect({ url: superuserUrl });
  await admin.query(sql`create database other`).finally(() => admin.close());
  await run('other', `${USERS} n from generate_series(1, 500) n; create table notes (id int)`);
  const { id } = await storePhysicalBackup(urlOf('holdfast'), join(home, 'backups'));

  const lostRows = async () => {
    const { result } = await runHoldfastJson<HealthReport>([
      'detailed-health',
      '--only',
      'lost-rows',
      '--home',
      home,
    ]);
    const [found] = result.entries.map(({ level, evidence }) => [
      level,
      evidence?.map(({ problem }) => problem),
    ]);
    return found;
  };
  const plan = async () =>
    (await runHoldfastJson<{ plan: RestorePlan }>(['restore', id, '--plan', '--home', home])).result.plan.lost
      .tables;
  const withLosses = async (): Promise<string[]> => {
    const { stdout } = await runHoldfast(['doctor', '--json', '--home', home]);
    const { rootCauses } = JSON.parse(stdout) as Diagnosis;
    return rootCauses.filter(({ code }) => code === 'rows_lost').map(({ subject }) => subject);
  };
  assert.deepEqual(await lostRows(), ['ok', []]);
  assert.deepEqual(await withLosses(), []);
  assert.deepEqual(await plan(), []);

  await run('holdfast', 'delete from users where id > 10');
  assert.deepEqual(await lostRows(), ['critical', ['93% of the rows are gone']]);
  assert.deepEqual(await withLosses(), ['table:users']);
  const ofUsers = {
    ...{ database: 'holdfast', table: 'public.users' },
    ...{ backup: 150, present: 10, counted: true },
  };
  assert.deepEqual(await plan(), [ofUsers]);
  await run('other', 'delete from users where id > 499');
  const { stdout: text } = await runHoldfast(['restore', id, '--plan', '--home', home]);
  assert.match(text, /^ {2}public\.users: 150 rows in the backup, 10 now$/m);
  assert.match(text, /^ {2}database other: public\.users: 500 rows in the backup, 499 now$/m);
  await run('postgres', 'create table notes_of_admin (id int)');
  await run('postgres', 'insert into notes_of_admin values (1)');
  assert.deepEqual(
    (await plan()).map(({ database, backup, present }) => [database, backup, present]),
    [
      ['holdfast', 150, 10],
      ['other', 500, 499],
      ['postgres', 0, 1],
    ],
  );

  const unknown = await runHoldfast(['restore', '--home', home, '--table', 'notes', '--plan']);
  assert.equal(
    unknown.stderr,
    'error: notes is not in the backup.\nThe database other of this backup has it; holdfast is the one that was asked for. Name the other with --database-url\n',
  );
});
