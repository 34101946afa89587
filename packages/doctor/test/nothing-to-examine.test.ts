import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { parseSettings } from '@holdfast/core';
import { examine, exitCode, resolveTarget } from '../src/index.ts';
import { assertSchema } from './assert-schema.ts';

it('says so when there is nothing to examine', async () => {
  const diagnosis = await examine(await resolveTarget({ home: '/nowhere', settings: parseSettings([]) }));
  assert.deepEqual([diagnosis.status, exitCode(diagnosis)], ['not_examined', 3]);
  assert.match(diagnosis.headline, /^Could not examine anything: \/nowhere holds no Holdfast/);
  assertSchema(diagnosis);
});

it('says of a state directory that this user cannot read that it cannot, and names nothing as missing', async t => {
  const home = await mkdtemp(join(tmpdir(), 'hf-closed-'));
  const asRoot = process.getuid?.() === 0;
  t.after(async () => {
    if (asRoot) process.seteuid?.(0);
    await chmod(home, 0o700);
    await rm(home, { recursive: true });
  });
  await mkdir(join(home, 'logs'));
  for (const name of ['cluster.json', 'keyring.json', 'logs/server.log'])
    await writeFile(join(home, name), '{}');
  const look = async () => examine(await resolveTarget({ home, settings: parseSettings([]) }));
  const close = async () => {
    for (const name of ['cluster.json', 'keyring.json']) await chmod(join(home, name), 0);
    await chmod(home, 0o755);
    if (asRoot) process.seteuid?.(65_534);
  };
  await close();
  const closed = await look();
  if (asRoot) process.seteuid?.(0);
  await chmod(home, 0);
  if (asRoot) process.seteuid?.(65_534);
  const shut = await look();
  assert.deepEqual([shut.status, exitCode(shut)], ['not_examined', 3]);
  assert.match(
    shut.headline,
    /^Could not examine the system: the state directory \S+ cannot be read by this user .* run the doctor as its owner/,
  );
  assert.deepEqual(closed.rootCauses, []);
  for (const id of ['config.variables_set', 'config.keyring']) {
    const { outcome, detail = '' } = closed.checks.find(({ check }) => check === id) ?? {};
    assert.equal(outcome, 'unknown', `${id}: ${detail}`);
  }
});

it('stops when its caller does not want it any more', async () => {
  const settings = parseSettings([]);
  const target = await resolveTarget({ home: '/nowhere', settings, apiUrl: 'http://127.0.0.1:9' });
  await assert.rejects(examine(target, { signal: AbortSignal.abort(new Error('enough')) }), /enough/);
});
