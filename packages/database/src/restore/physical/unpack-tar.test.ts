import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { type Header, pack } from 'tar-stream';
import { unpackTar } from './unpack-tar.ts';

async function unpack(t: TestContext, tar: Readable): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'hf-tar-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const signal = new AbortController().signal;
  await unpackTar(tar, { directory, owner: undefined, signal, onBytes: () => undefined });
  return directory;
}

function tarOf(
  ...entries: readonly (readonly [Partial<Header> & { readonly name: string }, string])[]
): Readable {
  const tar = pack();
  for (const [header, content] of entries) tar.entry(header, content);
  tar.finalize();
  return Readable.from(tar as unknown as AsyncIterable<Uint8Array>);
}

test('files and directories come out, closed to others', async t => {
  const directory = await unpack(
    t,
    tarOf([{ name: './base/1/PG_VERSION' }, '18\n'], [{ name: 'pg_wal', type: 'directory' }, '']),
  );
  assert.deepEqual((await readdir(directory)).sort(), ['base', 'pg_wal']);
  assert.equal(await readFile(join(directory, 'base/1/PG_VERSION'), 'utf8'), '18\n');
  assert.equal((await stat(join(directory, 'base/1/PG_VERSION'))).mode & 0o777, 0o600);
});

test('nothing is written outside, and links are refused', async t => {
  for (const name of ['../outside', 'base/../../outside', '/etc/outside', 'base\\outside'])
    await assert.rejects(unpack(t, tarOf([{ name }, 'x'])), { code: 'restore_failed' }, name);
  const link = { name: 'pg_tblspc/16384', type: 'symlink', linkname: '/srv/space' } as const;
  await assert.rejects(unpack(t, tarOf([link, ''])), /symlink/);
});

test('an archive that is cut off or none at all is refused', async t => {
  const whole = Buffer.concat(await tarOf([{ name: 'file' }, 'x'.repeat(2_000)]).toArray());
  await assert.rejects(unpack(t, Readable.from([whole.subarray(0, 1_000)])), { code: 'restore_failed' });
  await assert.rejects(unpack(t, Readable.from([Buffer.alloc(2_048, 'no tar')])), { code: 'restore_failed' });
});
