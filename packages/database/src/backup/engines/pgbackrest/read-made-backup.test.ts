import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import { readMadeBackup } from './read-made-backup.ts';

async function made(t: TestContext, ...labels: readonly string[]): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'hf-made-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  for (const label of labels) {
    await mkdir(join(directory, 'backup', 'main', label), { recursive: true });
    await writeFile(join(directory, 'backup', 'main', label, 'backup.manifest'), MANIFEST);
  }
  return directory;
}

/** Lines of one that pgBackRest 2.45 wrote of a cluster with a damaged page. */
const MANIFEST = `[backup]
backup-archive-start="0000000B0000000000000004"
backup-label="20261121-165022F"
backup-lsn-start="0/4000028"
backup-lsn-stop="0/4000100"

[target:file]
pg_data/base/5/16388={"bni":2,"bno":1990656,"checksum":"75","checksum-page":false,"checksum-page-error":[2],"size":1417216,"timestamp":1795279822}
pg_data/base/5/2600={"bni":2,"bno":8637,"checksum":"0e","checksum-page":true,"rck":"37","repo-size":2417,"size":16384,"timestamp":1795279612}
pg_tblspc/16390/PG_15_202209061/5/1={"checksum":"75","checksum-page":false,"size":8192,"timestamp":1795279822}
`;

test('where it begins and ends, and which files have damaged pages', async t => {
  assert.deepEqual(await readMadeBackup(await made(t, '20261121-165022F')), {
    label: '20261121-165022F',
    timeline: 11,
    startLsn: '0/4000028',
    stopLsn: '0/4000100',
    badPages: ['pg_data/base/5/16388', 'pg_tblspc/16390/PG_15_202209061/5/1'],
  });
});

test('none, or more than one, is not what was asked for', async t => {
  const failed = (error: unknown) => isHoldfastError(error, 'backup_failed');
  const none = await made(t, 'latest');
  await assert.rejects(readMadeBackup(none), failed);
  const two = await made(t, '20261121-165022F', '20261121-165024F');
  await assert.rejects(readMadeBackup(two), failed);
});
