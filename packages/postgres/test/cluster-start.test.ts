import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type Connection, connect, sql, sqlState } from '@holdfast/postgres';
import { inspectCluster, readClusterState } from '@holdfast/postgres/cluster';
import { throwawayHome } from '@holdfast/testing';

async function withConnection<T>(url: string, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await connect({ url });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

describe('the first start', () => {
  test('makes a cluster with checksums, passwords and the two roles, and the second keeps its data', async t => {
    const { home, start } = await throwawayHome(t);
    assert.deepEqual(await inspectCluster(home), { state: 'absent' });
    assert.equal(await readClusterState(home), undefined);
    const steps: string[] = [];
    const first = await start({ onProgress: step => steps.push(step) });
    assert.deepEqual(steps, ['creating the database', 'starting PostgreSQL', 'creating roles']);
    assert.equal(first.adopted, false);
    assert.deepEqual(await inspectCluster(home), { state: 'running', pid: first.pid });
    await withConnection(first.superuserUrl, async db => {
      const settings = await db.one(sql`
        select current_setting('data_checksums') as checksums, current_setting('listen_addresses') as listen,
          current_setting('unix_socket_directories') as sockets, current_setting('password_encryption') as passwords,
          current_setting('server_encoding') as encoding, datlocprovider as provider, datlocale as locale
        from pg_database where datname = 'holdfast'`);
      assert.deepEqual(settings, {
        checksums: 'on',
        listen: '127.0.0.1',
        sockets: '',
        passwords: 'scram-sha-256',
        encoding: 'UTF8',
        provider: 'b',
        locale: 'C.UTF-8',
      });
    });
    await withConnection(first.superuserUrl.replace(/\/postgres$/, '/holdfast'), async db => {
      const found = await db.many(sql`
        select extname as name, extnamespace::regnamespace::text as schema from pg_extension where extname = 'amcheck'`);
      assert.deepEqual(found, [{ name: 'amcheck', schema: 'pg_catalog' }]);
    });
    await withConnection(first.ownerUrl, db =>
      db.script('create table kept (n serial); insert into kept default values'),
    );
    await first.stop();
    assert.deepEqual(await first.exited, { code: 0, signal: null });
    assert.deepEqual(await inspectCluster(home), { state: 'stopped' });
    const second = await start();
    assert.deepEqual([second.port, second.appUrl], [first.port, first.appUrl]);
    assert.deepEqual(await withConnection(second.appUrl, db => db.many(sql`select n from kept`)), [{ n: 1 }]);
  });

  test('tells nobody else the passwords, and lets nobody in without', async t => {
    const { home, start } = await throwawayHome(t);
    const cluster = await start();
    assert.equal((await stat(join(home, 'cluster.json'))).mode & 0o777, 0o600);
    const { dataDir, port, systemUser, superuserUrl, ownerUrl, appUrl } = cluster;
    assert.deepEqual(await readClusterState(home), {
      dataDir,
      port,
      systemUser,
      superuserUrl,
      ownerUrl,
      appUrl,
    });
    const passwords = [superuserUrl, ownerUrl, appUrl].map(url => new URL(url).password);
    assert.equal(new Set(passwords).size, 3);
    assert.ok(passwords.every(password => password.length >= 32));
    const wrong = new URL(appUrl);
    wrong.password = 'wrong';
    await assert.rejects(connect({ url: wrong.href }), error => sqlState(error) === '28P01');
  });

  test('gives the application rows and nothing else', async t => {
    const { start } = await throwawayHome(t);
    const cluster = await start();
    await withConnection(cluster.ownerUrl, owner => owner.script('create table t (n serial, a int)'));
    await withConnection(cluster.appUrl, async app => {
      await app.execute(sql`insert into t (a) values (1), (2)`);
      assert.equal(await app.execute(sql`update t set a = 3 where a = 2`), 1);
      assert.equal(await app.execute(sql`delete from t where a = 1`), 1);
      for (const forbidden of [
        sql`truncate t`,
        sql`create table u ()`,
        sql`drop table t`,
        sql`create schema s`,
      ]) {
        await assert.rejects(app.query(forbidden), error => sqlState(error) === '42501');
      }
    });
  });

  test('works in a place with a long and awkward name', async t => {
    const { home, start } = await throwawayHome(t);
    const awkward = join(home, `it's "a" $HOME \\ directory`, 'x'.repeat(100));
    const cluster = await start({ home: awkward });
    assert.ok(cluster.dataDir.length > 107);
    assert.deepEqual(await withConnection(cluster.appUrl, db => db.one(sql`select 1 as a`)), { a: 1 });
    await cluster.stop();
  });

  test('takes settings for this start', async t => {
    const { start } = await throwawayHome(t);
    const first = await start({ settings: { fsync: 'off', work_mem: '5MB', 'my.text': "it's \\ here" } });
    const read = sql`select current_setting('work_mem') as mem, current_setting('my.text', true) as text`;
    assert.deepEqual(await withConnection(first.appUrl, db => db.one(read)), {
      mem: '5MB',
      text: "it's \\ here",
    });
    await first.stop();
    const second = await start();
    assert.deepEqual(await withConnection(second.appUrl, db => db.one(read)), { mem: '4MB', text: null });
  });
});

describe('the port', () => {
  async function occupy(port: number): Promise<() => Promise<void>> {
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    return async () => {
      server.close();
      await once(server, 'close');
    };
  }

  test('of the last time is left to a program that took it', async t => {
    const { start } = await throwawayHome(t);
    const first = await start();
    await first.stop();
    const free = await occupy(first.port);
    const second = await start();
    assert.notEqual(second.port, first.port);
    assert.equal(new URL(second.appUrl).port, String(second.port));
    await free();
  });

  test('that was asked for is taken or refused', async t => {
    const { home, start } = await throwawayHome(t);
    const first = await start();
    await first.stop();
    const free = await occupy(first.port);
    await assert.rejects(start({ port: first.port }), { code: 'port_in_use', details: { port: first.port } });
    assert.deepEqual(await inspectCluster(home), { state: 'stopped' });
    await free();
    assert.equal((await start({ port: first.port })).port, first.port);
  });
});

describe('a directory that is not right', () => {
  test('files of somebody else are not touched', async t => {
    const { home, start } = await throwawayHome(t);
    await mkdir(join(home, 'postgres'));
    await writeFile(join(home, 'postgres', 'thesis.txt'), 'do not delete');
    await assert.rejects(start(), { code: 'cluster_failed', message: /not empty and not a database/ });
    assert.equal(await readFile(join(home, 'postgres', 'thesis.txt'), 'utf8'), 'do not delete');
  });

  test('a database of another major version is not started', async t => {
    const { start } = await throwawayHome(t);
    const cluster = await start();
    await cluster.stop();
    await writeFile(join(cluster.dataDir, 'PG_VERSION'), '9\n');
    await assert.rejects(start(), { code: 'cluster_failed', message: /is of PostgreSQL 9.*pg_upgrade/ });
  });

  test('a lost data directory is not silently replaced by an empty one', async t => {
    const { home, start } = await throwawayHome(t);
    const cluster = await start();
    await cluster.stop();
    await rm(cluster.dataDir, { recursive: true });
    await assert.rejects(start(), { code: 'cluster_failed', message: /is gone/ });
    assert.ok(!(await readdir(home)).includes('postgres'));
  });

  test('a broken configuration is reported with the log, and the directory is free again', async t => {
    const { start } = await throwawayHome(t);
    await assert.rejects(start({ settings: { shared_buffers: 'many' } }), {
      code: 'cluster_failed',
      message: /invalid value for parameter "shared_buffers"/,
    });
    assert.equal((await start()).adopted, false);
  });

  test('a lost cluster.json is made anew, also while PostgreSQL runs', async t => {
    const { home, start } = await throwawayHome(t);
    const first = await start();
    await withConnection(first.ownerUrl, db => db.script('create table kept (n int)'));
    await first.stop();
    await rm(join(home, 'cluster.json'));
    const second = await start();
    assert.notEqual(second.appUrl, first.appUrl);
    assert.deepEqual(await withConnection(second.appUrl, db => db.many(sql`select n from kept`)), []);
    await second.detach();
    await rm(join(home, 'cluster.json'));
    const third = await start();
    assert.equal(third.adopted, false);
    assert.deepEqual(await withConnection(third.appUrl, db => db.many(sql`select n from kept`)), []);
  });
});
