import assert from 'node:assert/strict';
import { chmod, cp, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { connect, sql } from '@holdfast/postgres';
import { readClusterState } from '@holdfast/postgres/cluster';
import { throwawayHome } from '@holdfast/testing';
import { findBinaries, findPackage } from '../src/cluster/binaries.ts';
import { chooseSystemUser } from '../src/cluster/system-user.ts';

const owner = async (path: string): Promise<number> => (await stat(path)).uid;

// For an ordinary user there is nothing to decide: all the other tests are the test.
if (process.getuid?.() === 0) {
  describe('run by root', () => {
    test('PostgreSQL runs as another user, in place when that user can get there', async t => {
      const { home, start } = await throwawayHome(t);
      const cluster = await start();
      const user = await chooseSystemUser(undefined);
      assert.notEqual(user.uid, 0);
      assert.equal(cluster.systemUser, user.name);
      assert.equal(cluster.dataDir, join(home, 'postgres'));
      assert.deepEqual(
        [await owner(cluster.dataDir), await owner(`/proc/${cluster.pid}`)],
        [user.uid, user.uid],
      );
      assert.equal((await stat(cluster.dataDir)).mode & 0o777, 0o700);
      assert.equal(await owner(join(home, 'cluster.json')), 0);
    });

    test('in a closed directory the data goes to the shared one, and stays there', async t => {
      const { home, start } = await throwawayHome(t);
      const shared = join(home, 'shared');
      const closed = join(home, 'root-only', 'home');
      await mkdir(closed, { recursive: true, mode: 0o700 });
      await chmod(join(home, 'root-only'), 0o700);
      const first = await start({ home: closed, sharedDir: shared });
      assert.match(first.dataDir, new RegExp(`^${shared}/[0-9a-f]{16}/postgres$`));
      assert.equal((await readClusterState(closed))?.dataDir, first.dataDir);
      assert.deepEqual(await readdir(closed), ['cluster.json', 'logs', 'run']);
      const connection = await connect({ url: first.ownerUrl });
      await connection.script('create table kept (n int)');
      await connection.close();
      await first.stop();
      await chmod(join(home, 'root-only'), 0o755);
      const second = await start({ home: closed, sharedDir: shared });
      assert.equal(second.dataDir, first.dataDir);
      const again = await connect({ url: second.appUrl });
      assert.deepEqual(await again.many(sql`select n from kept`), []);
      await again.close();
      await second.stop();
    });

    test('another system user that is asked for gets the data', async t => {
      const { start } = await throwawayHome(t);
      const first = await start();
      await first.stop();
      const nobody = await chooseSystemUser('nobody');
      const second = await start({ systemUser: 'nobody' });
      assert.deepEqual(
        [await owner(second.dataDir), await owner(`/proc/${second.pid}`)],
        [nobody.uid, nobody.uid],
      );
      await second.stop();
      const third = await start();
      assert.equal(third.systemUser, 'nobody');
    });

    test('a user that does not exist, and root itself, are refused', async t => {
      const { start } = await throwawayHome(t);
      for (const systemUser of ['no-such-user', 'root', '-u']) {
        await assert.rejects(start({ systemUser }), {
          code: 'cluster_failed',
          message: /HOLDFAST_POSTGRES_USER/,
        });
      }
    });

    test('programs in a closed directory are copied once, and again when the copy is damaged', async t => {
      const { home } = await throwawayHome(t);
      const shared = join(home, 'shared');
      const user = await chooseSystemUser(undefined);
      const closed = join(home, 'closed');
      const source = await findPackage();
      await mkdir(closed, { mode: 0o700 });
      await cp(source.native, join(closed, 'native'), { recursive: true, verbatimSymlinks: true });
      const find = () =>
        findBinaries(user, shared, async () => ({ ...source, native: join(closed, 'native') }));
      const { postgres, initdb, majorVersion } = await find();
      const copy = join(shared, `postgresql-${source.version}`);
      assert.deepEqual([postgres, initdb], [join(copy, 'bin/postgres'), join(copy, 'bin/initdb')]);
      assert.match(majorVersion, /^\d+$/);
      const made = await stat(copy);
      await find();
      assert.equal((await stat(copy)).ino, made.ino);
      await writeFile(join(copy, 'bin/initdb'), 'cut off');
      await find();
      assert.equal(
        (await stat(join(copy, 'bin/initdb'))).size,
        (await stat(join(source.native, 'bin/initdb'))).size,
      );
      assert.deepEqual(await readdir(shared), [`postgresql-${source.version}`]);
    });
  });
}

test('links of the libraries that npm left out are made again', async t => {
  const { home } = await throwawayHome(t);
  const source = await findPackage();
  const native = join(home, 'native');
  await cp(source.native, native, { recursive: true, verbatimSymlinks: true });
  const links = (await readdir(join(native, 'lib'), { withFileTypes: true })).filter(entry =>
    entry.isSymbolicLink(),
  );
  assert.ok(links.length > 0);
  await Promise.all(links.map(({ name }) => rm(join(native, 'lib', name))));
  const { postgres } = await findBinaries(undefined, home, async () => ({ ...source, native }));
  assert.equal(postgres, join(native, 'bin/postgres'));
});
