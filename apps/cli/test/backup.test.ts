import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { appendFile, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { SETTINGS } from '@holdfast/core';
import type { BackupSummary } from '../src/backup/describe-backup.ts';
import type { PruneEverywhere } from '../src/backup/prune.ts';
import { runHoldfast, runHoldfastJson } from './run-command-line.ts';
import { storeBackup } from './store-backup.ts';

interface Scene {
  readonly home: string;
  readonly places: readonly [string, string];
  readonly variables: Readonly<Record<string, string>>;
}

/** A state directory with two destinations. */
async function scene(t: TestContext): Promise<Scene> {
  const home = await mkdtemp(join(tmpdir(), 'holdfast-cli-backup-'));
  t.after(() => rm(home, { recursive: true, force: true }));
  const places = [join(home, 'one'), join(home, 'two')] as const;
  return {
    home,
    places,
    variables: { HOLDFAST_HOME: home, HOLDFAST_BACKUPS: places.join(',') },
  };
}

interface Listed {
  readonly backups: readonly BackupSummary[];
  readonly broken: readonly { readonly id: string }[];
  readonly unreachable: readonly unknown[];
}

describe('holdfast backup', () => {
  it('lists what is where, shows all that is known, and says so when there is nothing', async t => {
    const place = await scene(t);
    const nothing = await runHoldfast(['list-backups'], place.variables);
    assert.equal(nothing.code, 0);
    assert.match(nothing.stdout, /^There is no backup at .*one or .*two\. Make one with holdfast backup\./);
    const old = await storeBackup(place.home, 3, place.places[0]);
    const id = await storeBackup(place.home, 0, place.places[0]);
    await storeBackup(place.home, 10, place.places[1]);
    const { code, result } = await runHoldfastJson<Listed>(['list-backups'], place.variables);
    assert.equal(code, 0);
    assert.deepEqual(
      result.backups
        .map(item => [item.id, item.destinations.map(({ destination }) => destination)])
        .slice(0, 2),
      [
        [id, [place.places[0]]],
        [old, [place.places[0]]],
      ],
    );
    assert.deepEqual(
      (({ engine, compression, encrypted, databases, serverVersion, originalBytes }) => ({
        engine,
        compression,
        encrypted,
        databases,
        serverVersion,
        originalBytes,
      }))(result.backups[0] as BackupSummary),
      {
        engine: 'logical',
        compression: 'gzip',
        encrypted: false,
        databases: ['shop'],
        serverVersion: '15.19',
        originalBytes: 30,
      },
    );
    const text = await runHoldfast(['backup', 'list'], place.variables);
    assert.match(text.stdout, new RegExp(`^${id} +\\d+s .* gzip +shop$`, 'm'));
    assert.match(text.stdout, /never validated .*one$/m);
    assert.match(text.stdout, /not there .*two$/m);
    const shown = await runHoldfast(['backup', 'show', id], place.variables);
    for (const line of [
      /created +\d{4}-.*, \d+s ago, in 1\.5 s$/m,
      /database +postgresql:\/\/backup:\*\*\*@db\.example:5432\/shop$/m,
      /server +PostgreSQL 15\.19, system 7$/m,
      /size +.* in 1 file, compression gzip$/m,
      /^Database shop, 7\.6 MB, 1 table$/m,
      /schema at 0007_add_orders$/m,
      /extensions citext 1\.6$/m,
      /public\.orders +41 rows$/m,
    ]) {
      assert.match(shown.stdout, line);
    }
  });

  it('verifies at every destination, keeps the result, and copies to the one that lacks it', async t => {
    const place = await scene(t);
    const id = await storeBackup(place.home, 0, place.places[0]);
    const copied = await runHoldfast(['backup', 'copy'], place.variables);
    assert.equal(copied.code, 0);
    assert.match(copied.stdout, new RegExp(`^${id} +copied to ${place.places[1]}$`, 'm'));
    assert.match(
      (await runHoldfast(['backup', 'copy', '--all'], place.variables)).stdout,
      /^Every destination has it\./,
    );
    const good = await runHoldfast(['backup', 'verify', id.slice(0, 12)], place.variables);
    assert.equal(good.code, 0);
    assert.equal(good.stdout.match(/valid \(files\)/g)?.length, 2);
    await appendFile(join(place.places[1], id, 'dump.sql.gz'), 'x');
    const { code, result } = await runHoldfastJson<{
      results: { validation: { result: string; problems: { code: string }[] } }[];
    }>(['backup', 'verify', '--all'], place.variables);
    assert.equal(code, 1);
    assert.deepEqual(
      result.results.map(({ validation }) => [
        validation.result,
        ...validation.problems.map(item => item.code),
      ]),
      [['valid'], ['damaged', 'wrong_size']],
    );
    const listed = await runHoldfastJson<Listed>(['list-backups'], place.variables);
    assert.equal(listed.code, 1);
    assert.deepEqual(
      listed.result.backups[0]?.destinations.map(({ validation }) => validation?.result),
      ['valid', 'damaged'],
    );
  });

  it('finds a lost manifest, keeps what is left of it, and removes that when it is told to', async t => {
    const place = await scene(t);
    const id = await storeBackup(place.home, 0, place.places[0]);
    await rm(join(place.places[0], id, 'manifest.json'));
    assert.equal((await runHoldfast(['list-backups'], place.variables)).code, 1);
    const shown = await runHoldfast(['backup', 'show', id], place.variables);
    assert.equal(shown.code, 1);
    assert.ok(shown.stderr.startsWith(`error: Backup ${id} is there and cannot be used: ${id} at `));
    assert.match(shown.stderr, new RegExp(`holdfast backup verify ${id} tells what of it is whole`));
    const verified = await runHoldfast(['backup', 'verify', '--all'], place.variables);
    assert.equal(verified.code, 1);
    assert.match(verified.stdout, /missing_manifest/);
    await runHoldfast(['backup', 'prune'], place.variables);
    assert.ok(existsSync(join(place.places[0], id, 'dump.sql.gz')));
    assert.equal((await runHoldfast(['backup', 'prune', '--broken'], place.variables)).code, 0);
    assert.deepEqual(await readdir(place.places[0]), []);
  });

  it('prunes by the rules given, else by those configured; a dry run changes nothing', async t => {
    const place = await scene(t);
    const ids: string[] = [];
    for (const days of [0, 1, 2, 40, 41]) ids.push(await storeBackup(place.home, days, place.places[0]));
    const prune = async (...args: string[]) => {
      const { code, result } = await runHoldfastJson<PruneEverywhere>(
        ['backup', 'prune', ...args],
        place.variables,
      );
      assert.equal(code, 0);
      return result.results[0]?.removed.map(item => item.id);
    };
    assert.deepEqual(await prune('--keep-last', '2', '--dry-run'), ids.slice(2));
    assert.equal((await readdir(place.places[0])).length, 5);
    assert.deepEqual(await prune('--keep-last', '2', '--keep-within', '964h'), ids.slice(4));
    assert.equal(SETTINGS.backupKeep.fallback, 'last=3,within=7d,weekly=4,window=7d');
    const kept = await prune('--keep-last', '1');
    assert.deepEqual(kept, ids.slice(1, 4));
    assert.deepEqual(await prune('--keep-within', '1d'), []);
    assert.deepEqual(await readdir(place.places[0]), [ids[0]]);
  });

  it('says what is not known, wrong, or out of reach', async t => {
    const place = await scene(t);
    await storeBackup(place.home, 0, place.places[0]);
    const run = async (...args: string[]) => {
      const { code, stdout } = await runHoldfast([...args, '--json'], place.variables);
      return [code, (JSON.parse(stdout) as { error?: { code: string } }).error?.code];
    };
    assert.deepEqual(await run('backup', 'show', '2020'), [2, 'backup_unknown']);
    assert.deepEqual(await run('backup', 'shwo'), [2, 'usage']);
    assert.deepEqual(await run('backup', 'show', '--keep-last', '3'), [2, 'usage']);
    assert.deepEqual(await run('backup', 'prune', '--keep-last', 'x'), [2, 'usage']);
    assert.deepEqual(await run('backup', 'verify', '--level', 'drill'), [2, 'usage']);
    assert.deepEqual(await run('backup', 'extract', 'latest'), [2, 'usage']);
    assert.deepEqual(await run('list-backups', '--destination', 'ftp://x/y'), [2, 'configuration_invalid']);
    const file = join(place.home, 'backup-seal.key', 'x');
    assert.deepEqual(await run('list-backups', '--destination', file), [3, 'backup_destination_failed']);
    const half = await runHoldfastJson<Listed>(
      ['list-backups', '--destination', place.places[0], '--destination', file],
      place.variables,
    );
    assert.deepEqual([half.code, half.result.backups.length, half.result.unreachable.length], [1, 1, 1]);
  });

  it('extracts a dump; the key that seals is for its owner alone', async t => {
    const place = await scene(t);
    const id = await storeBackup(place.home, 0, place.places[0]);
    const target = join(place.home, 'out', randomBytes(4).toString('hex'));
    const { code, stdout } = await runHoldfast(['backup', 'extract', id, target], place.variables);
    assert.equal(code, 0, stdout);
    assert.equal(await readFile(join(target, 'dump.sql'), 'utf8'), 'create table orders (id int);\n');
    assert.equal((await stat(join(place.home, 'backup-seal.key'))).mode & 0o777, 0o600);
  });
});
