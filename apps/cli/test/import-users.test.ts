import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createPasswordHasher } from '@holdfast/auth/passwords';
import { sql } from '@holdfast/postgres';
import { emptyDatabase, testDatabase } from '@holdfast/testing';
import { runHoldfast, runHoldfastJson } from './run-command-line.ts';

interface Summary {
  readonly dryRun: boolean;
  readonly imported: number;
  readonly failed: number;
  readonly errors: readonly { line: number; code: string; field?: string }[];
}

const HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$QOmyMCohFwOPJlqSdG5jbg$PUAYrnpwDfRyTf03F1roICISiVd7k4fimIvjsSjZpPM';

async function world(t: TestContext) {
  const { pool, ownerUrl } = await testDatabase(t);
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-import-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const file = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };
  const load = (path: string, ...more: string[]) =>
    runHoldfastJson<Summary>(['import', 'users', path, '--database-url', ownerUrl, ...more]);
  const count = async (table: string): Promise<number> =>
    (await pool.one(sql<{ count: number }>`select count(*) as count from ${sql.id(table)}`)).count;
  return { pool, ownerUrl, file, load, count };
}

const people = (count: number): string =>
  Array.from({ length: count }, (_, index) =>
    JSON.stringify({ email: `p${index}@example.com`, displayName: `P ${index}`, passwordHash: HASH }),
  ).join('\n');

const MIXED = [
  JSON.stringify({ email: 'one@example.com', emailVerified: true, roles: ['user', 'support'] }),
  '{"email":',
  JSON.stringify({ displayName: 'nobody' }),
  JSON.stringify({ email: 'x@example.com', surprise: 1, more: 2 }),
  JSON.stringify({ email: 'y@example.com', roles: 'user' }),
  JSON.stringify({ email: 'ONE@example.com' }),
  JSON.stringify({ email: 'z@example.com', passwordHash: 'bcrypt' }),
  JSON.stringify({ email: 'last@example.com', passwordHash: HASH }),
].join('\n');
const MIXED_ERRORS = [
  [2, 'invalid_json', undefined],
  [3, 'validation_failed', 'email'],
  [4, 'validation_failed', 'surprise'],
  [5, 'validation_failed', 'roles'],
  [6, 'email_taken', 'email'],
  [7, 'invalid_request', 'passwordHash'],
];
const brief = ({ errors }: Summary) => errors.map(({ line, code, field }) => [line, code, field]);

describe('holdfast import users', () => {
  it('imports thousands with their hashes, who then can sign in, and leaves an audit entry of each batch', async t => {
    const { pool, file, load, count } = await world(t);
    const { code, result } = await load(file('people.ndjson', people(3_000)));
    assert.deepEqual([code, result], [0, { dryRun: false, imported: 3_000, failed: 0, errors: [] }]);
    for (const table of ['users', 'user_profiles', 'password_credentials', 'user_roles']) {
      assert.equal(await count(table), 3_000, table);
    }
    const { hash } = await pool.one(sql<{ hash: string }>`
      select hash from password_credentials join users on users.id = user_id where email = 'p2999@example.com'
    `);
    assert.equal(await createPasswordHasher().verify(hash, 'TestPassword123!'), true);
    const batches = await pool.many(sql<{ accounts: number; actor: string }>`
      select (details -> 'accounts')::int as accounts, actor_type as actor from audit_log order by position
    `);
    assert.deepEqual(
      batches.map(({ accounts, actor }) => [accounts, actor]),
      [
        [100, 'operator'],
        [1_000, 'operator'],
        [1_900, 'operator'],
      ],
    );
    const again = await load(file('people.ndjson', people(3_001)));
    assert.deepEqual([again.code, again.result.imported, again.result.failed], [1, 1, 3_000]);
    assert.equal(again.result.errors.length, 1_000);
  });

  it('reports bad lines with their numbers, in words as well', async t => {
    const { ownerUrl, file, load } = await world(t);
    const path = file('mixed.jsonl', MIXED);
    const dry = await load(path, '--dry-run');
    assert.deepEqual([dry.code, dry.result.imported, brief(dry.result)], [1, 2, MIXED_ERRORS]);
    const { code, result } = await load(path);
    assert.deepEqual([code, result.imported, brief(result)], [1, 2, MIXED_ERRORS]);
    const { stdout } = await runHoldfast(['import', 'users', path, '--database-url', ownerUrl]);
    assert.match(
      stdout,
      /^0 accounts imported\.\n8 lines were not:\n {2}line 1: An account with this e-mail address exists/,
    );
  });

  it('imports nothing with --atomic when any line is bad, and everything when none is', async t => {
    const { file, load, count } = await world(t);
    const { code, result } = await load(file('mixed.ndjson', MIXED), '--atomic');
    assert.deepEqual([code, result.imported, brief(result)], [1, 0, MIXED_ERRORS]);
    const onlyLast = `${people(1_500)}\n${JSON.stringify({ email: 'P3@example.com' })}`;
    const taken = await load(file('taken.ndjson', onlyLast), '--atomic');
    assert.deepEqual([taken.result.imported, brief(taken.result)], [0, [[1_501, 'email_taken', 'email']]]);
    const hashed = `${people(2)}\n${JSON.stringify({ email: 'q@example.com', passwordHash: 'x' })}`;
    assert.deepEqual((await load(file('hashed.ndjson', hashed), '--atomic')).result.imported, 0);
    assert.deepEqual([await count('users'), await count('audit_log')], [0, 0]);
    assert.equal((await load(file('good.ndjson', people(1_500)), '--atomic')).result.imported, 1_500);
  });

  it('reads CSV', async t => {
    const { pool, file, load } = await world(t);
    const text =
      'email,displayName,roles,emailVerified\r\na@example.com,"A, ""B""",user support,true\r\nb@example.com,,,\r\n';
    const { result } = await load(file('people.csv', text));
    assert.deepEqual(result, { dryRun: false, imported: 2, failed: 0, errors: [] });
    const row = await pool.one(sql<{ name: string; verified: boolean; roles: number }>`
      select display_name as name, email_verified_at is not null as verified,
        (select count(*) from user_roles where user_roles.user_id = users.id) as roles
      from users join user_profiles on user_id = id where email = 'a@example.com'
    `);
    assert.deepEqual({ ...row }, { name: 'A, "B"', verified: true, roles: 2 });
  });

  it('refuses what cannot be read, before it looks at the database', async t => {
    const { ownerUrl, file } = await world(t);
    const path = file('people.txt', people(1));
    for (const [args, code, problem] of [
      [['import'], 2, /What is to be imported/],
      [['import', 'roles', path], 2, /What is to be imported/],
      [['import', 'users'], 2, /The file is missing/],
      [['import', 'users', path], 2, /--format csv or --format ndjson/],
      [['import', 'users', `${path}.csv`], 2, /cannot be read: ENOENT/],
      [['import', 'users', '/tmp', '--format', 'csv'], 2, /it is a directory/],
      [['import', 'users', path, '--format', 'csv'], 1, /This is not CSV/],
    ] as const) {
      const result = await runHoldfast([...args, '--database-url', ownerUrl]);
      assert.equal(result.code, code, args.join(' '));
      assert.match(result.stderr, problem);
    }
  });

  it('says that there is nothing in an empty file', async t => {
    const { ownerUrl, file } = await world(t);
    for (const name of ['empty.csv', 'empty.ndjson']) {
      const { code, stdout } = await runHoldfast([
        'import',
        'users',
        file(name, ''),
        '--database-url',
        ownerUrl,
      ]);
      assert.deepEqual([code, stdout], [0, 'There is no account in it; nothing was imported.\n']);
    }
  });

  it('says that a database is not one of Holdfast', async t => {
    const { file } = await world(t);
    const { ownerUrl } = await emptyDatabase(t);
    const { code, stderr } = await runHoldfast([
      'import',
      'users',
      file('p.ndjson', people(1)),
      '--database-url',
      ownerUrl,
    ]);
    assert.equal(code, 1);
    assert.match(stderr, /does not have the tables of Holdfast/);
  });
});
