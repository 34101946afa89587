import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import { openReplication, type ReplicationSession, sqlState } from '@holdfast/postgres';

/*
 * PostgreSQL 14 is not at hand here, so these tests play its part as its manual describes it, and the parts of servers that
 * break the protocol.
 */

test('a base backup of PostgreSQL 14 comes in its own way, and its archives are finished here', async t => {
  const asked: string[] = [];
  const session = await openAgainst(t, '14.12', command => {
    asked.push(command);
    return Buffer.concat([
      rows(['recptr', 'tli'], [['0/2000028', '1']]),
      rows(
        ['spcoid', 'spclocation', 'size'],
        [
          ['16385', '/mnt/fast', '7'],
          [null, null, '23'],
        ],
      ),
      copy('one tablespace'),
      copy('base ', 'directory'),
      copy('{"PostgreSQL-Backup-Manifest-Version": 1}'),
      rows(['recptr', 'tli'], [['0/2000100', '1']]),
      message('C', 'SELECT\0'),
      message('Z', 'I'),
    ]);
  });
  const backup = await session.baseBackup({
    label: "it's",
    checkpoint: 'fast',
    includeWal: true,
    maxRate: 64,
  });
  assert.deepEqual(asked, [
    "BASE_BACKUP LABEL 'it''s' PROGRESS FAST WAL NOWAIT MAX_RATE 64 TABLESPACE_MAP MANIFEST 'yes'",
  ]);
  assert.equal(backup.totalBytes, 30 * 1024);
  assert.deepEqual(backup.tablespaces, [{ oid: '16385', location: '/mnt/fast' }]);
  const parts: [string, string][] = [];
  for await (const { name, data } of backup.parts()) {
    parts.push([name, (await copyOf(data)).toString('latin1')]);
  }
  const end = '\0'.repeat(1024);
  assert.deepEqual(parts, [
    ['16385.tar', `one tablespace${end}`],
    ['base.tar', `base directory${end}`],
    ['backup_manifest', '{"PostgreSQL-Backup-Manifest-Version": 1}'],
  ]);
  assert.deepEqual(await backup.finished(), { stopLsn: '0/2000100', timeline: 1 });
});

/** Pieces are overwritten by those that follow. */
async function copyOf(data: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of data) pieces.push(Uint8Array.from(piece));
  return Buffer.concat(pieces);
}

test('PostgreSQL 14 cannot compress, and versions before 14 are refused', async t => {
  const session = await openAgainst(t, '14.12', () => message('Z', 'I'));
  const serverCompression = { method: 'gzip' } as const;
  const options = { label: 'x', checkpoint: 'fast', includeWal: false, serverCompression } as const;
  await assert.rejects(session.baseBackup(options), error => isHoldfastError(error, 'invalid_request'));
  await assert.rejects(
    openAgainst(t, '13.15', () => message('Z', 'I')),
    error => isHoldfastError(error, 'replication_failed') && /13\.15/.test(error.message),
  );
});

const STREAMING = message('W', Buffer.from([0, 0, 0]));

for (const [what, answer] of [
  ['WAL that leaves something out', [STREAMING, walData(0x1000100n, 'late')]],
  ['a message of no known kind', [STREAMING, message('d', 'x')]],
  ['a keepalive of the wrong length', [STREAMING, message('d', 'k12')]],
  ['data that is cut short', [STREAMING, message('d', 'w1234')]],
  ['rows where WAL should be', [STREAMING, message('D', Buffer.from([0, 0]))]],
  ['a message larger than any', [STREAMING, Buffer.from([0x64, 0x7f, 0xff, 0xff, 0xff])]],
  ['no WAL at all', [message('G', Buffer.from([0, 0, 0]))]],
] as const) {
  test(`a server that sends ${what} is not believed`, async t => {
    const session = await openAgainst(t, '17.2', () => Buffer.concat(answer));
    await assert.rejects(
      async () => {
        const stream = await session.streamWal({ timeline: 1, from: '0/1000000' });
        for await (const { data } of stream.messages()) assert.notEqual(data.toString(), 'late');
      },
      error =>
        isHoldfastError(error, 'replication_failed') && /broke the replication protocol/.test(error.message),
    );
  });
}

test('an error in the middle of WAL keeps its state, and a server that hangs up is one that is away', async t => {
  const error = Buffer.from('SERROR\0C58P01\0Mrequested WAL segment has been removed\0\0');
  const first = await openAgainst(t, '16.1', () => Buffer.concat([STREAMING, message('E', error)]));
  await assert.rejects(readAll(first), caught => sqlState(caught) === '58P01');
  const second = await openAgainst(t, '16.1', (_, socket) => {
    socket.end(STREAMING);
    return Buffer.alloc(0);
  });
  await assert.rejects(readAll(second), caught => isHoldfastError(caught, 'database_unavailable'));
});

test('a server that falls silent is noticed', async t => {
  const session = await openAgainst(t, '16.1', () => STREAMING);
  const stream = await session.streamWal({ timeline: 1, from: '0/1000000', statusIntervalMs: 20 });
  await assert.rejects(
    async () => {
      for await (const _ of stream.messages());
    },
    caught => isHoldfastError(caught, 'database_timeout'),
  );
});

async function readAll(session: ReplicationSession): Promise<void> {
  const stream = await session.streamWal({ timeline: 1, from: '0/1000000' });
  for await (const _ of stream.messages());
}

/** A session with a server that answers each command with these bytes. */
async function openAgainst(
  t: TestContext,
  version: string,
  answer: (command: string, socket: Socket) => Buffer,
): Promise<ReplicationSession> {
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => {
      const greeting = [
        message('R', Buffer.alloc(4)),
        message('S', `server_version\0${version}\0`),
        message('Z', 'I'),
      ];
      socket.write(Buffer.concat(greeting));
      socket.on('data', data => {
        if (data[0] === 0x51) socket.write(answer(data.toString('utf8', 5, data.length - 1), socket));
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const session = await openReplication({ url: `postgresql://u:p@127.0.0.1:${port}/db` });
  t.after(() => session.close());
  return session;
}

function message(type: string, body: Buffer | string): Buffer {
  const bytes = Buffer.from(body as string);
  const header = Buffer.alloc(5);
  header.write(type, 'latin1');
  header.writeInt32BE(bytes.length + 4, 1);
  return Buffer.concat([header, bytes]);
}

function rows(columns: readonly string[], values: readonly (readonly (string | null)[])[]): Buffer {
  const names = columns.map(name => Buffer.concat([Buffer.from(`${name}\0`), Buffer.alloc(18)]));
  const description = Buffer.concat([int16(columns.length), ...names]);
  const data = values.map(row => message('D', Buffer.concat([int16(row.length), ...row.map(field)])));
  return Buffer.concat([message('T', description), ...data, message('C', 'SELECT\0')]);
}

function field(value: string | null): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(value === null ? -1 : Buffer.byteLength(value));
  return Buffer.concat([length, Buffer.from(value ?? '')]);
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function copy(...pieces: readonly string[]): Buffer {
  const data = pieces.map(piece => message('d', piece));
  return Buffer.concat([message('H', Buffer.from([0, 0, 0])), ...data, message('c', '')]);
}

function walData(start: bigint, text: string): Buffer {
  const header = Buffer.alloc(25);
  header.write('w', 'latin1');
  header.writeBigUInt64BE(start, 1);
  header.writeBigUInt64BE(start, 9);
  return message('d', Buffer.concat([header, Buffer.from(text)]));
}
