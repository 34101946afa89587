import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect, sql } from '@holdfast/postgres';
import { throwawayHome } from '@holdfast/testing';
import { planBackups } from '../src/backup/scheduled-backups.ts';
import { processEnvironment, readConfiguration } from '../src/env.ts';
import { IDENTITY, OTHER_IDENTITY, RECIPIENT } from './age-identities.ts';
import { runHoldfast, runHoldfastJson } from './run-command-line.ts';

interface Made {
  readonly ok: boolean;
  readonly backups: readonly {
    readonly destination: string;
    readonly backup: {
      readonly id: string;
      readonly bytes: number;
      readonly engine: string;
      readonly label?: string;
      readonly databases: readonly {
        readonly name: string;
        readonly tables: readonly { readonly rows: number }[];
      }[];
    } | null;
    readonly validation: { readonly level: string; readonly result: string } | null;
    readonly trouble: string | null;
  }[];
}

async function place(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'hf-backup-command-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

async function clusterUrl(t: TestContext): Promise<string> {
  const { superuserUrl } = await (await throwawayHome(t)).start();
  const connection = await connect({ url: superuserUrl });
  try {
    await connection.query(sql`create table things as select g from generate_series(1, 1000) g`);
  } finally {
    await connection.close();
  }
  return superuserUrl;
}

test('a backup goes to every place that works, is read again, and says what it holds', async t => {
  const home = await place(t);
  const url = await clusterUrl(t);
  const [one, two, file] = [join(home, 'one'), join(home, 'two'), join(home, 'file')];
  const common = ['backup', '--home', home, '--database-url', url, '--engine', 'physical'];
  const made = await runHoldfastJson<Made>([
    ...common,
    '--to',
    one,
    '--to',
    two,
    '--label',
    'before the move',
  ]);
  assert.equal(made.code, 0);
  assert.deepEqual(
    made.result.backups.map(({ destination, validation, trouble }) => [
      destination,
      validation?.level,
      validation?.result,
      trouble,
    ]),
    [
      [one, 'decode', 'valid', null],
      [two, 'decode', 'valid', null],
    ],
  );
  const backup = made.result.backups[0]?.backup;
  assert.equal(backup?.label, 'before the move');
  assert.deepEqual(
    backup?.databases.find(({ name }) => name === 'postgres')?.tables.map(({ rows }) => rows),
    [1000],
  );

  const args = ['list-backups', '--home', home, '--destination', one];
  const { result: listed } = await runHoldfastJson<{ backups: readonly { readonly bytes: number }[] }>(args);
  assert.deepEqual(
    listed.backups.map(({ bytes }) => bytes),
    [backup?.bytes],
    'a list shows the size that was told when it was made',
  );

  await writeFile(file, 'no directory');
  const partly = await runHoldfastJson<Made>([...common, '--to', one, '--to', file, '--no-validate']);
  assert.equal(partly.code, 1);
  assert.deepEqual(
    partly.result.backups.map(({ backup: kept, validation }) => [kept !== null, validation]),
    [
      [true, null],
      [false, null],
    ],
  );
  assert.match(partly.result.backups[1]?.trouble ?? '', /file/);
  const nowhere = await runHoldfast([...common, '--to', file]);
  assert.equal(nowhere.code, 3);
});

test('what cannot be is refused with what to do: no pg_dump, a wrong engine, options that do not go together', async t => {
  const home = await place(t);
  const url = await clusterUrl(t);
  const common = ['backup', '--home', home, '--database-url', url];
  const missing = await runHoldfast(common, { HOLDFAST_POSTGRES_BIN: home });
  assert.equal(missing.code, 3);
  assert.match(missing.stderr, /pg_dump .*HOLDFAST_POSTGRES_BIN/);
  for (const options of [
    ['--engine', 'magical'],
    ['--engine', 'physical', '--plain'],
    ['--validate', 'drill', '--no-validate'],
    ['--jobs', 'many'],
    ['--keep-last', '3'],
  ]) {
    const { code, stderr } = await runHoldfast([...common, ...options]);
    assert.equal(code, 2, `${options.join(' ')}: ${stderr}`);
  }
});

test('an encrypted backup is good without an identity, as far as it can be read, and not with a wrong one', async t => {
  const home = await place(t);
  const url = await clusterUrl(t);
  const [to, mine, other] = [join(home, 'to'), join(home, 'mine'), join(home, 'other')];
  await writeFile(mine, IDENTITY);
  await writeFile(other, OTHER_IDENTITY);
  const common = ['backup', '--home', home, '--database-url', url, '--engine', 'physical', '--to', to];
  const encrypting = [...common, '--encrypt-to', RECIPIENT];

  const without = await runHoldfast(encrypting);
  assert.equal(without.code, 0, without.stdout);
  assert.match(without.stdout, /^✓ \S+physical/);
  const command =
    /not decrypted: no identity here; where it is: holdfast (backup verify (\S+) --level decode --identity) FILE/;
  const [, typed = '', id] = command.exec(without.stdout) ?? [];
  const listed = await runHoldfast(['list-backups', '--home', home, '--destination', to]);
  assert.match(listed.stdout, /files valid/);
  const verified = await runHoldfast([...typed.split(' '), mine, '--home', home, '--destination', to]);
  assert.equal(verified.code, 0, verified.stderr);
  assert.match(verified.stdout, new RegExp(`${id}  valid \\(decode\\)`));

  const wrong = await runHoldfastJson<Made>([...encrypting, '--identity', other]);
  assert.equal(wrong.code, 1);
  assert.match(wrong.result.backups[0]?.trouble ?? '', /not validated: .*encrypted for other recipients/);

  const drill = await runHoldfast([...encrypting, '--validate', 'drill']);
  assert.equal(drill.code, 3);
  assert.match(drill.stderr, /--identity.*Nothing was done/s);
  const all = await runHoldfastJson<{ backups: readonly unknown[] }>([
    ...['list-backups', '--home', home, '--destination', to],
  ]);
  assert.equal(all.result.backups.length, 2, 'the one that could not be drilled was not made');
});

test('a scheduled backup that is encrypted for somebody else is no trouble, and its validation is told', async t => {
  const { home, start } = await throwawayHome(t);
  await start();
  const own = processEnvironment();
  const variables = { PATH: own.variables.PATH, HOLDFAST_HOME: home, HOLDFAST_BACKUP_RECIPIENTS: RECIPIENT };
  const environment = { ...own, variables };
  const backups = planBackups(readConfiguration({}, environment), environment);
  const { trouble, places } = await backups.make(new AbortController().signal);
  assert.deepEqual([trouble, places.map(({ failed }) => failed)], [null, [false]]);
  const listed = await runHoldfast(['list-backups', '--home', home]);
  assert.equal(listed.code, 0);
  assert.match(listed.stdout, /files valid/);
});
