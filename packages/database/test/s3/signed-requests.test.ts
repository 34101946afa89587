import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import { openDestination } from '@holdfast/database/backup';
import { pieces, readAll, repositoryAt, storeBackup } from '../backup-fixtures.ts';
import { CREDENTIALS, placeUrl, startVerifyingS3 } from './verifying-proxy.ts';

const NAMES = [
  'plain',
  'with space/and+plus',
  'ünïcode/日本/🙂',
  "marks/!'()*~_-.",
  'signs/a=b&c;d,e:f@g$h',
  'percent/100%25 %',
];

test('every kind of request is signed as S3 asks for, whatever names the files have', async t => {
  const s3 = await startVerifyingS3(t, 'backups');
  const place = openDestination(placeUrl(s3, 'backups/shop%20one/ä+b'), '/');
  for (const name of NAMES) {
    assert.equal(await place.write(name, pieces(Buffer.from(name))), Buffer.byteLength(name));
    assert.equal((await readAll(await place.read(name))).toString(), name);
    assert.equal(await place.size(name), Buffer.byteLength(name));
  }
  assert.deepEqual((await place.list('')).map(({ name }) => name).toSorted(), NAMES.toSorted());
  for (const name of NAMES) await place.remove(name);
  assert.deepEqual(await place.list(''), []);
  assert.deepEqual(s3.refused, []);
  const methods = new Set(s3.accepted.map(line => line.split(' ')[0]));
  assert.deepEqual([...methods].toSorted(), ['DELETE', 'GET', 'HEAD', 'PUT']);
});

test('a backup of several parts is signed part by part', async t => {
  const s3 = await startVerifyingS3(t, 'backups');
  const large = randomBytes(12 * 1_024 ** 2);
  const repository = repositoryAt(openDestination(placeUrl(s3, 'backups/shop'), '/'), {
    compression: 'none',
  });
  const { id } = await storeBackup(repository, { 'base.tar': large });
  const backup = await repository.find(id);
  assert.deepEqual(await readAll(await repository.open(backup, 'base.tar', 'original')), large);
  await repository.destination.sweep('', new Date());
  await repository.remove(id);
  assert.deepEqual(s3.refused, []);
  for (const pattern of [
    /^POST .*\?uploads/,
    /^PUT .*partNumber=3/,
    /^POST .*uploadId=/,
    /^GET .*\?.*uploads/,
  ])
    assert.ok(
      s3.accepted.some(line => pattern.test(line)),
      String(pattern),
    );
});

test('a wrong secret and an unknown key are refused and named, and tell nothing', async t => {
  const s3 = await startVerifyingS3(t, 'backups');
  for (const [credentials, said] of [
    [{ ...CREDENTIALS, secretAccessKey: 'hunter2' }, /the secret is wrong/],
    [{ ...CREDENTIALS, accessKeyId: 'hunter2' }, /the access key is not known there/],
  ] as const) {
    const place = openDestination(placeUrl(s3, 'backups/shop', credentials), '/');
    for (const work of [() => place.write('a', pieces(Buffer.from('x'))), () => place.list('')])
      await assert.rejects(
        work,
        error =>
          isHoldfastError(error, 'backup_destination_failed') &&
          said.test(error.message) &&
          !error.message.includes('hunter2'),
      );
  }
  assert.deepEqual(s3.accepted, []);
});

test('bytes that were changed on their way are not stored', async t => {
  const s3 = await startVerifyingS3(t, 'backups');
  const place = openDestination(placeUrl(s3, 'backups/shop'), '/');
  s3.tamper(true);
  await assert.rejects(place.write('a', pieces(Buffer.from('some bytes'))), error =>
    isHoldfastError(error, 'backup_destination_failed'),
  );
  s3.tamper(false);
  assert.deepEqual(await place.list(''), []);
});
