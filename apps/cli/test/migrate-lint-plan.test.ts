import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, it, type TestContext } from 'node:test';
import { migrateUp, readMigrations } from '@holdfast/database/migrate';
import { connect } from '@holdfast/postgres';
import { emptyDatabase } from '@holdfast/testing';
import type { CommandContext, OptionDefinitions, OptionValues } from '../src/command.ts';
import { requireConfiguration } from '../src/env.ts';
import { LINT_OPTIONS, runMigrateLint } from '../src/migrate/lint.ts';
import { MIGRATE_OPTIONS } from '../src/migrate/options.ts';
import { runMigratePlan } from '../src/migrate/plan.ts';
import { createTerminal } from '../src/terminal.ts';

const TABLE = '-- migrate:up\ncreate table users (id bigint primary key, name text);\n';
const DROP = '-- migrate:up\nalter table users drop column name;\n';

async function directory(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-cli-'));
  t.after(() => rm(dir, { recursive: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
  return dir;
}

interface Run<O extends OptionDefinitions> {
  readonly options?: OptionValues<O>;
  readonly positionals?: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
  readonly json?: boolean;
  readonly cwd?: string;
}

/** A context for one of the two, and what it has printed. */
function contextFor<O extends OptionDefinitions>(
  _options: O,
  {
    options = {} as OptionValues<O>,
    positionals = [],
    variables = {},
    json = false,
    cwd = process.cwd(),
  }: Run<O>,
): { context: CommandContext<O>; printed: () => string } {
  let text = '';
  const collect = new Writable({
    write: (chunk, _encoding, done) => {
      text += String(chunk);
      done();
    },
  });
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createTerminal(
    { stdout: collect, stderr: silent },
    { json, verbose: false, color: false },
  );
  const flags = { 'no-env-file': true };
  const environment = { variables, cwd };
  const configuration = () => requireConfiguration(flags, environment);
  const context = { options, positionals, flags, terminal, environment, configuration };
  return { context, printed: () => text };
}

describe('migrate lint', () => {
  it('prints each finding with a safer way, and exits with 1', async t => {
    const dir = await directory(t, { '1_users.sql': TABLE, '2_drop.sql': DROP });
    const { context, printed } = contextFor(LINT_OPTIONS, {});
    assert.equal(await runMigrateLint(context, dir), 1);
    assert.match(
      printed(),
      /^2_drop\.sql\n {2}2:1 {2}refuse {2}drop-column {2}alter table users drop column name\n/,
    );
    assert.match(printed(), /safer:\n {9}-- first deploy/);
    assert.match(printed(), /\n\n1 refused, 0 warnings in 2 statements in 2 files\.\n$/);
    for (const line of printed().split('\n')) assert.ok(line.length <= 120, line);
  });

  it('looks at a named file with those before it in mind, and at no other', async t => {
    const create = '-- migrate:up\nalter table users alter column name type text;\n';
    const dir = await directory(t, { '1_users.sql': TABLE, '2_drop.sql': DROP, '3_type.sql': create });
    const { context, printed } = contextFor(LINT_OPTIONS, { positionals: ['1_users.sql'], cwd: dir });
    assert.equal(await runMigrateLint(context), 0);
    assert.equal(printed(), 'Nothing to object to in 1 statement in 1 file.\n');
    const json = contextFor(LINT_OPTIONS, { positionals: [join(dir, '2_drop.sql')], json: true });
    assert.equal(await runMigrateLint(json.context), 1);
    const result = JSON.parse(json.printed());
    assert.deepEqual([result.ok, result.files, result.refused], [false, 1, 1]);
    assert.deepEqual(result.findings[0].lock, { relation: 'public.users', mode: 'ACCESS EXCLUSIVE' });
  });

  it('takes a file that is no migration for what it is', async t => {
    const dir = await directory(t, {
      'patch.sql': 'drop table users;',
      'other.sql': 'create table users (id int);',
    });
    const { context, printed } = contextFor(LINT_OPTIONS, {
      positionals: [join(dir, 'patch.sql')],
      json: true,
    });
    assert.equal(await runMigrateLint(context), 1);
    assert.deepEqual(
      JSON.parse(printed()).findings.map(({ rule }: { rule: string }) => rule),
      ['drop-table'],
    );
  });

  it('exits with 1 for a version used twice, also when one of the files is named', async t => {
    const dir = await directory(t, {
      '1_users.sql': TABLE,
      '2_a.sql': '-- migrate:up\nselect 1;\n',
      '2_b.sql': '-- migrate:up\nselect 2;\n',
    });
    const all = contextFor(LINT_OPTIONS, { json: true });
    assert.equal(await runMigrateLint(all.context, dir), 1);
    const filesOf = (text: string): string[] =>
      JSON.parse(text).findings.map(({ file }: { file: string }) => file);
    assert.deepEqual(filesOf(all.printed()), ['2_a.sql', '2_b.sql']);
    const one = contextFor(LINT_OPTIONS, { positionals: [join(dir, '2_a.sql')], json: true });
    assert.equal(await runMigrateLint(one.context), 1);
    assert.deepEqual(filesOf(one.printed()), ['2_a.sql']);
  });

  it('refuses a file that it cannot read as wrong usage', async t => {
    const dir = await directory(t, { '1_users.sql': TABLE });
    const { context } = contextFor(LINT_OPTIONS, { positionals: [join(dir, '2_nope.sql')] });
    await assert.rejects(runMigrateLint(context), {
      code: 'usage',
      message: /^The file \S+2_nope\.sql cannot be read: ENOENT/,
    });
  });

  it('lets warnings pass unless told not to', async t => {
    const dir = await directory(t, {
      '1_users.sql': TABLE,
      '2_null.sql': '-- migrate:up\nalter table users alter column name drop not null;\n',
    });
    assert.equal(await runMigrateLint(contextFor(LINT_OPTIONS, {}).context, dir), 0);
    assert.equal(
      await runMigrateLint(contextFor(LINT_OPTIONS, { options: { strict: true } }).context, dir),
      1,
    );
  });

  it('lists its rules, and finds nothing in the migrations of Holdfast', async () => {
    const { context, printed } = contextFor(LINT_OPTIONS, { options: { rules: true } });
    assert.equal(await runMigrateLint(context), 0);
    assert.match(printed(), /^drop-column +refuse /m);
    assert.equal(await runMigrateLint(contextFor(LINT_OPTIONS, {}).context), 0);
  });
});

describe('migrate plan', () => {
  it('shows what the pending migrations lock, on any database', async t => {
    const db = await emptyDatabase(t);
    const dir = await directory(t, { '1_users.sql': TABLE });
    const connection = await connect({ url: db.ownerUrl });
    await migrateUp({ connection, migrations: await readMigrations(dir), appVersion: '1.0.0' });
    await connection.close();
    const change = 'alter table users alter column id type numeric;\nselect 1;\nselect 2;\n';
    await writeFile(join(dir, '2_change.sql'), `-- migrate:up\n${change}`);
    const variables = { DATABASE_URL: db.ownerUrl };
    const { context, printed } = contextFor(MIGRATE_OPTIONS, { variables, options: { migrations: dir } });
    assert.equal(await runMigratePlan(context), 1);
    assert.match(printed(), /^2_change\.sql {2}one transaction\n/);
    assert.match(printed(), /ACCESS EXCLUSIVE on public\.users: reads and writes wait {2}\(never counted, /);
    assert.match(printed(), /writes public\.users anew/);
    assert.match(printed(), /lint: change-column-type/);
    assert.match(printed(), /line 3 {2}2 statements {2}\d+ ms, keeps nobody waiting/);
    const json = contextFor(MIGRATE_OPTIONS, { variables, json: true, options: { migrations: dir } });
    assert.equal(await runMigratePlan(json.context), 1);
    const result = JSON.parse(json.printed());
    assert.deepEqual([result.ok, result.complete, result.version], [false, true, '1']);
    assert.deepEqual(result.migrations[0].statements[0].rewritten, ['public.users']);
  });

  it('says that nothing is pending, and refuses a limit that is no time', async t => {
    const db = await emptyDatabase(t);
    const dir = await directory(t, { '1_nothing.sql': '-- migrate:up\nselect 1;\n' });
    const connection = await connect({ url: db.ownerUrl });
    await migrateUp({ connection, migrations: await readMigrations(dir), appVersion: '1.0.0' });
    await connection.close();
    const variables = { DATABASE_URL: db.ownerUrl };
    const { context, printed } = contextFor(MIGRATE_OPTIONS, { variables, options: { migrations: dir } });
    assert.equal(await runMigratePlan(context), 0);
    assert.equal(printed(), 'Nothing is pending; the schema is at 1.\n');
    const wrong = contextFor(MIGRATE_OPTIONS, {
      variables,
      options: { migrations: dir, 'statement-limit': 'soon' },
    });
    await assert.rejects(runMigratePlan(wrong.context), /--statement-limit soon is not a time/);
  });
});
