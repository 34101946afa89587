import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isHoldfastError, newId, systemClock } from '@holdfast/core';
import { openRedisJournal, openRevocationBus, readRedisJournal } from '../src/redis/index.ts';
import { createRedisClient } from '../src/redis/redis-client.ts';

const BINARY = ['valkey-server', 'redis-server'].find(name => spawnSync(name, ['--version']).status === 0);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    if (await holds()) return;
    await systemClock.sleep(20);
  }
  assert.fail(`still not true after 10 s: ${what}`);
}

describe('with a Redis or Valkey server', {
  skip: BINARY === undefined && 'neither valkey-server nor redis-server is installed',
}, () => {
  let directory: string;
  let port: number;
  let server: ChildProcess;
  const url = () => `redis://127.0.0.1:${port}`;

  const start = async (): Promise<void> => {
    const options = [
      '--port',
      `${port}`,
      '--bind',
      '127.0.0.1',
      '--dir',
      directory,
      '--appendonly',
      'yes',
      '--appendfsync',
      'always',
    ];
    server = spawn(BINARY ?? '', options, { stdio: 'ignore' });
    await eventually('the server answers', () =>
      readRedisJournal({ url: url() }).then(
        () => true,
        () => false,
      ),
    );
  };
  const kill = async (): Promise<void> => {
    server.kill('SIGKILL');
    await once(server, 'exit');
  };

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'holdfast-redis-'));
    port = await freePort();
    await start();
  });
  after(async () => {
    await kill();
    await rm(directory, { recursive: true });
  });

  test('a revocation announced by one replica reaches the others, also after the server was restarted', async () => {
    const received: string[] = [];
    const sender = openRevocationBus({ url: url() }, () => undefined);
    const receiver = openRevocationBus({ url: url() }, id => received.push(id));
    const arrives = async (id: string) =>
      eventually('the announcement arrives', async () => {
        await sender.publish([id]);
        return received.includes(id);
      });
    await arrives(newId());
    await kill();
    await sender.publish([newId()]);
    await start();
    await arrives(newId());
    await Promise.all([sender.close(), receiver.close()]);
  });

  test('the journal in a stream keeps its entries across a crash, and says when it cannot be written', async () => {
    const journal = openRedisJournal({ url: url() });
    const entries = Array.from({ length: 2_500 }, () => ({
      at: new Date().toISOString(),
      sessionId: newId(),
      reason: 'logout',
    }));
    await journal.append(entries);
    await kill();
    await assert.rejects(journal.append(entries), (error: unknown) =>
      isHoldfastError(error, 'journal_unavailable'),
    );
    await start();
    assert.deepEqual(await readRedisJournal({ url: url() }), { entries, damaged: 0 });
    await eventually('the journal is writable again', () =>
      journal.append([entries[0] ?? assert.fail()]).then(
        () => true,
        () => false,
      ),
    );
    await journal.close();
  });

  test('a bus that is closed while it connects leaves no connection behind', async () => {
    const observer = createRedisClient({ url: url() });
    await observer.connect();
    const connections = async () =>
      String(await observer.sendCommand(['CLIENT', 'LIST']))
        .trim()
        .split('\n');
    await eventually('only the observer is there', async () => (await connections()).length === 1);
    const bus = openRevocationBus({ url: url() }, () => undefined);
    await bus.close();
    await systemClock.sleep(200);
    assert.equal((await connections()).length, 1);
    observer.destroy();
  });
});
