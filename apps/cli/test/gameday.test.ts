import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { readClusterState } from '@holdfast/postgres/cluster';
import type { GamedayResult } from '../src/gameday/run-gameday.ts';
import { eventually } from './eventually.ts';
import { collect, runHoldfast, spawnHoldfast } from './run-holdfast.ts';

function place(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-gamedays-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

it('plays three damages through on a new system, proves the repairs and leaves nothing behind', {
  timeout: 280_000,
}, async t => {
  const dir = place(t);
  const damages = ['grants-deleted', 'users-deleted', 'postgres-killed'];
  const { code, stdout, stderr } = await runHoldfast([
    ...['gameday', '--fresh', '--no-env-file', '--json', '--place', dir, '--home', join(dir, 'none')],
    ...['--users', '20', '--work', '1', '--damage', damages.join(',')],
  ]);
  const result = JSON.parse(stdout) as GamedayResult & { readonly report: string | null };
  const failed = result.rounds?.flatMap(({ damage, proof }) =>
    proof.filter(({ ok }) => !ok).map(({ name, detail }) => `${damage}: ${name}: ${detail}`),
  );
  assert.deepEqual(failed, [], stderr);
  assert.equal(code, 0, stdout);
  assert.equal(result.ok, true);
  assert.equal(result.broken, null);
  assert.equal(result.copy, 'fresh');
  assert.equal(result.report, null);
  assert.deepEqual(
    result.rounds.map(({ damage }) => damage),
    damages,
  );
  const [grants, users, killed] = result.rounds;
  assert.deepEqual(grants?.diagnosis.named, ['role_permissions_deleted table:role_permissions']);
  assert.match(
    grants?.remedy.command ?? '',
    /^holdfast restore --table role_permissions --to-time \S+ --yes$/,
  );
  assert.deepEqual(grants?.lost, { seconds: 0, accounts: 0, profiles: 0 });
  assert.match(users?.remedy.command ?? '', /^holdfast restore --to-time \S+ --yes$/);
  assert.ok((users?.lost.seconds ?? 0) > 0, 'a point in time before the damage loses what came after it');
  assert.equal(killed?.remedy.command, null);
  for (const { proof } of result.rounds) {
    const sessions = proof.find(({ name }) => name === 'nobody is logged out');
    assert.match(sessions?.detail ?? '', /^(1[0-9]|2[0-9]) sessions refreshed and used$/);
  }
  assert.deepEqual(readdirSync(dir), [], 'the copy is removed');
});

it('stops and removes what a killed game day left, and not what was kept', async t => {
  const dir = place(t);
  const args = ['gameday', '--fresh', '--no-env-file', '--json', '--place', dir, '--home', join(dir, 'none')];
  const more = ['--users', '5', '--work', '1', '--damage', 'postgres-killed'];
  const child = spawnHoldfast([...args, ...more]);
  const copyNow = () => join(dir, readdirSync(dir)[0] ?? '');
  const dataDir = async () =>
    (await readClusterState(copyNow()).catch(() => undefined))?.dataDir ?? '/nowhere';
  await eventually('the copy runs', async () => existsSync(join(await dataDir(), 'postmaster.pid')), 60_000);
  const [copy, data] = [copyNow(), await dataDir()];
  child.kill('SIGKILL');
  await once(child, 'exit');
  const kept = join(dir, 'holdfast-gameday-keptXX');
  mkdirSync(kept);
  assert.ok(existsSync(copy), 'a killed one removes nothing');
  const next = spawnHoldfast([...args, ...more]);
  const output = collect(next);
  await eventually('the next one has removed it', () => !existsSync(copy) && !existsSync(data), 60_000);
  next.kill('SIGTERM');
  await once(next, 'close');
  assert.match(output.stderr, new RegExp(`removing ${copy}, which a killed game day left`));
  assert.deepEqual(readdirSync(dir), ['holdfast-gameday-keptXX']);
});

it('refuses what cannot be played', async t => {
  const dir = place(t);
  for (const [args, problem] of [
    [['--damage', 'earthquake'], /--damage is any, or some of table-dropped, .*, not "earthquake"/],
    [['--users', '0'], /--users must be a whole number from 1/],
    [['--work', 'x'], /--work must be a whole number/],
    [['--backup-age', '1h'], /--backup-age goes together with --backup-only/],
    [['--backup-only', '--backup-age', 'soon'], /--backup-age must be a duration/],
    [['--database-url', 'postgresql://u@localhost/db'], /Use --fresh to play on a new system/],
  ] as const) {
    const { code, stderr } = await runHoldfast(['gameday', '--home', dir, '--no-env-file', ...args]);
    assert.match(stderr, problem);
    assert.equal(code, 2);
  }
  assert.deepEqual(readdirSync(dir), []);
});
