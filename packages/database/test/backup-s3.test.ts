import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, type TestContext, test } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import { openDestination } from '@holdfast/database/backup';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { pieces, readAll, repositoryAt, storeBackup } from './backup-fixtures.ts';

let server: FauxqsServer;
before(async () => {
  server = await startFauxqs({ port: 0, logger: false, init: { buckets: ['backups'] } });
});
after(() => server.stop());

function bucket(prefix: string, name = 'backups', port = server.port) {
  const endpoint = encodeURIComponent(`http://127.0.0.1:${port}`);
  return openDestination(`s3://someone:hunter2@${name}/${prefix}?endpoint=${endpoint}&part-mb=5`, '/');
}

const LARGE = randomBytes(17 * 1024 * 1024);

test('a backup of several parts goes into a bucket and comes back', async () => {
  const destination = bucket('shop/prod');
  const repository = repositoryAt(destination, { compression: 'none' });
  const manifest = await storeBackup(repository, {
    'base.tar': LARGE,
    'data/base/1/2': Buffer.from('x'),
    empty: Buffer.alloc(0),
  });
  const backup = await repository.find(manifest.id);
  assert.deepEqual(backup.manifest, manifest);
  assert.deepEqual(await readAll(await repository.open(backup, 'base.tar', 'original')), LARGE);
  assert.deepEqual(
    (await destination.list(''))
      .map(({ name, bytes }) => [name.replace(`${manifest.id}/`, ''), bytes])
      .slice(0, 3),
    [
      ['base.tar', LARGE.byteLength],
      ['data/base/1/2', 1],
      ['empty', 0],
    ],
  );
  assert.deepEqual(
    await bucket('shop')
      .list('prod/2')
      .then(files => files.length),
    4,
  );
  assert.deepEqual(await bucket('other').list(''), []);
  await repository.remove(manifest.id);
  assert.deepEqual(await destination.list(''), []);
});

test('the data failing in the middle leaves no object and is told as it is', async () => {
  const destination = bucket('cut');
  async function* failing() {
    yield LARGE;
    throw new Error('the connection was cut');
  }
  await assert.rejects(destination.write('base.tar', failing()), { message: 'the connection was cut' });
  assert.deepEqual(await destination.list(''), []);
  assert.equal(await destination.size('base.tar'), undefined);
  await assert.rejects(destination.read('base.tar'), error => isHoldfastError(error, 'not_found'));
});

test('more objects than one page are all listed', async () => {
  const destination = bucket('many');
  const names = Array.from({ length: 1_050 }, (_, index) => `wal/${String(index).padStart(4, '0')}`);
  for (let begin = 0; begin < names.length; begin += 50) {
    const some = names.slice(begin, begin + 50);
    await Promise.all(some.map(name => destination.write(name, pieces(Buffer.from('x')))));
  }
  assert.deepEqual(
    (await destination.list('wal/')).map(({ name }) => name),
    names,
  );
});

test('a bucket that is not there and a server that is not there are named, secrets are not', async () => {
  for (const [destination, said] of [
    [bucket('x', 'nobody'), /bucket does not exist/],
    [bucket('x', 'backups', 1), /ECONNREFUSED/],
  ] as const) {
    for (const work of [() => destination.write('a', pieces(LARGE)), () => destination.list('')]) {
      await assert.rejects(
        work,
        error =>
          isHoldfastError(error, 'backup_destination_failed') &&
          said.test(error.message) &&
          !error.message.includes('hunter2'),
      );
    }
  }
});

/** What S3 says of unfinished uploads, one a page, and a note of those that were ended. */
async function startUploads(t: TestContext, uploads: readonly (readonly [key: string, initiated: string])[]) {
  const ended: string[] = [];
  const stub = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://stub');
    if (request.method === 'DELETE') {
      ended.push(`${url.pathname}?${url.searchParams.get('uploadId')}`);
      response.writeHead(204).end();
      return;
    }
    const prefix = url.searchParams.get('prefix') ?? '';
    const listed = uploads.filter(([key]) => key.startsWith(prefix));
    const at = listed.findIndex(([key]) => key > (url.searchParams.get('key-marker') ?? ''));
    const [key, initiated] = listed[at] ?? ['', ''];
    const upload = `<Upload><Key>${key}</Key><UploadId>id-${at}</UploadId><Initiated>${initiated}</Initiated></Upload>`;
    const more = at >= 0 && at + 1 < listed.length;
    response.writeHead(200, { 'content-type': 'application/xml' });
    response.end(
      `<?xml version="1.0" encoding="UTF-8"?><ListMultipartUploadsResult><Bucket>backups</Bucket><IsTruncated>${more}</IsTruncated>${more ? `<NextKeyMarker>${key}</NextKeyMarker><NextUploadIdMarker>id-${at}</NextUploadIdMarker>` : ''}${at < 0 ? '' : upload}</ListMultipartUploadsResult>`,
    );
  });
  await new Promise<void>(resolve => stub.listen(0, '127.0.0.1', resolve));
  t.after(() => stub.close());
  t.after(() => stub.closeAllConnections());
  return { ended, port: (stub.address() as AddressInfo).port };
}

test('uploads that a killed process began are ended, those of today and of others are not', async t => {
  const { ended, port } = await startUploads(t, [
    ['else/base.tar', '2026-01-01T00:00:00.000Z'],
    ['shop/1/base.tar', '2026-01-01T00:00:00.000Z'],
    ['shop/2/base.tar', '2026-01-03T00:00:00.000Z'],
    ['shop/3/base.tar', '2026-01-02T00:00:00.000Z'],
  ]);
  const swept = await bucket('shop', 'backups', port).sweep('', new Date('2026-01-03T00:00:00Z'));
  assert.equal(swept, 2);
  assert.deepEqual(ended, ['/backups/shop/1/base.tar?id-0', '/backups/shop/3/base.tar?id-2']);
});
