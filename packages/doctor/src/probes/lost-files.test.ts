import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemClock } from '@holdfast/core';
import { FILES_CHECK } from '../checks/lost-files.ts';
import { runChecks } from '../engine/index.ts';
import type { Target } from '../target.ts';
import { lookAtCluster } from './local-probe.ts';
import { observationsOf } from './probe.ts';

const AT = '2026-11-22T07:00:00.000Z';

async function stateDirectory(t: TestContext, record: Record<string, unknown> = {}): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'holdfast-lost-'));
  t.after(() => rm(home, { recursive: true, force: true }));
  const passwords = { superuser: 'a', owner: 'b', app: 'c' };
  const whole = { version: 1, dataDir: 'postgres', port: 1, systemUser: null, passwords, provisioned: true };
  await writeFile(join(home, 'cluster.json'), JSON.stringify({ ...whole, ...record }));
  return home;
}

function targetOf(home: string, backups?: () => Promise<unknown>): Target {
  return { database: { embedded: { home, port: 1, inUse: true } }, backups } as unknown as Target;
}

async function judge(target: Target): Promise<{ outcome?: string; detail?: string; remedy: string }> {
  const looks = await lookAtCluster(target, systemClock);
  const [{ outcome, detail, remedy = [] } = { outcome: '', detail: '' }] = runChecks(
    [FILES_CHECK],
    observationsOf(looks),
  );
  return { outcome, detail, remedy: remedy.join('\n') };
}

test('a data directory that is gone is a loss: with a backup it is restored, without one what remains is said', async t => {
  const home = await stateDirectory(t);
  const found = await judge(targetOf(home, async () => [{ createdAt: AT }]));
  assert.equal(found.outcome, 'fail');
  assert.ok(found.detail?.includes(join(home, 'postgres')) && found.detail.includes(AT), found.detail);
  assert.match(found.remedy, /^holdfast restore --to-time latest --yes$/m);
  assert.doesNotMatch(found.remedy, /cluster\.json/);

  const without = await judge(targetOf(home, async () => []));
  assert.match(without.detail ?? '', /no backup is known here$/);
  assert.doesNotMatch(without.remedy, /^holdfast restore/m);
  assert.match(without.remedy, /what was in the database is lost/);

  const unseen = await judge(targetOf(home, () => Promise.reject(new Error('the bucket does not answer'))));
  assert.match(unseen.detail ?? '', /could not be seen$/);
  assert.match(unseen.remedy, /^holdfast list-backups$/m);
});

test('no loss is a database that is there, was never made, or is about to be put there by a takeover', async t => {
  const there = await stateDirectory(t);
  await mkdir(join(there, 'postgres'));
  assert.equal((await judge(targetOf(there))).outcome, 'fail', 'a directory with nothing in it');
  await writeFile(join(there, 'postgres', 'PG_VERSION'), '18\n');
  assert.equal((await judge(targetOf(there))).outcome, 'pass');
  assert.equal((await judge(targetOf(await stateDirectory(t, { provisioned: false })))).outcome, 'pass');

  const switching = await stateDirectory(t);
  const takeover = { version: 1, state: 'switching', dataDir: 'postgres', prepared: 'new', scratch: null };
  await writeFile(join(switching, 'restore.json'), JSON.stringify({ ...takeover, replaced: null }));
  assert.equal((await judge(targetOf(switching))).outcome, 'pass');
});

test('whether a database of another machine has lost its files cannot be told when it refuses connections', () => {
  const outcomeOf = (result: string) => {
    const port = { id: 'database.port', probe: 'database', subject: 'database', saw: { result } };
    return runChecks([FILES_CHECK], [port])[0]?.outcome;
  };
  assert.deepEqual(['refused', 'open', 'timeout', 'unresolved'].map(outcomeOf), [
    'unknown',
    'pass',
    'pass',
    'pass',
  ]);
});
