import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { sql } from '@holdfast/postgres';
import type { Stack } from '@holdfast/testing';
import { register, signIn, stackWithUsers } from './examination.ts';
import { changedTables, fix, savedFacts } from './repair-support.ts';

const OTHERS = 30;

describe('rows that come back together with the rows they refer to', () => {
  let stack: Stack;

  before(async () => {
    stack = await stackWithUsers();
    await register(stack, 'bob@example.com');
    await signIn(stack, 'bob@example.com');
    await stack.asSuperuser(async db => {
      await db.query(sql`
        insert into users (id, email)
        select gen_random_uuid(), format('user-%s@example.com', n) from generate_series(1, ${OTHERS}) n`);
      await db.query(sql`
        insert into user_profiles (user_id) select id from users where email like 'user-%'
        on conflict do nothing`);
      await db.query(sql`
        insert into user_roles (user_id, role_id)
        select users.id, roles.id from users, roles where email like 'user-%' and roles.name = 'user'
        on conflict do nothing`);
    });
    await stack.saveDatabase();
  });
  beforeEach(() => stack.restoreDatabase());
  after(() => stack.close());

  it('an account whose profile is missed comes back with its password and its sessions', async () => {
    await stack.asSuperuser(db =>
      db.script(`delete from users where email = 'ada@example.com'; delete from user_profiles`),
    );
    const { status, headline, repairs } = await fix(stack);
    assert.equal(status, 'green', headline);
    const changed = await changedTables(stack);
    assert.deepEqual(
      changed.filter(name => !name.startsWith('holdfast_')),
      ['public.login_attempts'],
      JSON.stringify(repairs.map(({ code, subject, steps }) => [code, subject, steps])),
    );
    assert.notEqual(await signIn(stack, 'ada@example.com'), undefined);
    assert.deepEqual(
      repairs.map(({ untouched }) => untouched?.changed),
      [[]],
    );
  });

  it('of several tables that miss the same accounts the first brings them back, and the others say nothing of them', async () => {
    await stack.asSuperuser(db =>
      db.script(
        `delete from users where email = 'ada@example.com'; delete from user_profiles; delete from user_roles`,
      ),
    );
    const { status, headline, repairs } = await fix(stack);
    assert.equal(status, 'green', headline);
    assert.deepEqual(
      repairs.map(({ steps }) => steps.map(({ command }) => command?.includes('public.users'))),
      [[true], [false]],
    );
    const changed = await changedTables(stack);
    assert.deepEqual(
      changed.filter(name => !name.startsWith('holdfast_')),
      ['public.login_attempts'],
    );
  });

  it('says before it is agreed to that younger accounts are not in the backup, and how they are had', async () => {
    await stack.asSuperuser(db =>
      db.script(`delete from users where email = 'ada@example.com'; delete from user_profiles`),
    );
    const planned = async (reach?: string) => {
      const { repairs } = await fix(stack, { mode: 'plan', tools: { reachOf: async () => reach } });
      return repairs.flatMap(({ steps }) => steps.map(({ what }) => what)).join('\n');
    };
    assert.match(
      await planned(),
      /accounts created after \S+Z .* account_not_in_restored_database from then on$/,
    );
    assert.match(
      await planned('2100-01-01T00:00:00.000Z'),
      /holdfast restore saved --table public\.user_profiles,public\.users,\S*public\.password_credentials\S* --mode missing --with-parents --to-time TIME/,
    );
  });

  it('a loss that new accounts hide is seen before anything is written, and what to type is named', async () => {
    await stack.asSuperuser(db =>
      db.script(`
        delete from users where email = 'ada@example.com'; delete from user_profiles;
        insert into users (id, email) select gen_random_uuid(), format('new-%s@example.com', n) from generate_series(1, 3) n`),
    );
    const { status, repairs } = await fix(stack);
    assert.equal(status, 'not_green');
    assert.match(
      repairs.flatMap(({ steps }) => steps.map(({ detail }) => detail)).join('\n'),
      /Rows of public\.users that they refer to are gone as well, and would come back without .*public\.password_credentials.*First holdfast restore saved --table public\.users,\S*public\.password_credentials\S* --mode missing --with-parents --yes, then/,
    );
    const { rows } = await stack.asSuperuser(db =>
      db.one(sql<{ rows: number }>`
        select (select count(*) from user_profiles)::int + (select count(*) from users where email like 'ada%')::int as rows`),
    );
    assert.equal(rows, 0);
  });

  it('a backup from before a repair is not taken by itself, and is named where it alone has the rows', async () => {
    const facts = await savedFacts(stack);
    const tools = { backups: async () => [], passedOver: async () => [facts] };
    const why =
      /, but for saved, which was made before a repair and may hold the damage: holdfast restore saved --table public\.user_profiles --mode missing --with-parents shows/;
    for (const damage of ['delete from user_profiles', 'drop table user_profiles']) {
      await stack.restoreDatabase();
      await stack.asSuperuser(db => db.script(damage));
      const { left } = await fix(stack, { tools });
      assert.match(left.map(cause => cause.why).join('\n'), why);
    }
    await stack.restoreDatabase();
    await stack.asSuperuser(db =>
      db.script(`
        set session_replication_role = replica;
        delete from users where email = 'ada@example.com';
        reset session_replication_role`),
    );
    const { repairs } = await fix(stack, { mode: 'plan', tools });
    assert.match(
      repairs.flatMap(({ steps }) => steps.map(({ what }) => what)).join('\n'),
      /^No backup .* public\.users, but for saved, which .*: holdfast restore saved --table public\.users --mode missing --with-parents shows .*: put aside/,
    );
  });

  it('the parents of orphans come back with what hung on them', async () => {
    await stack.asSuperuser(db =>
      db.script(`
        set session_replication_role = replica;
        delete from password_credentials where user_id = (select id from users where email = 'ada@example.com');
        delete from users where email = 'ada@example.com';
        reset session_replication_role`),
    );
    const { status, headline, repairs } = await fix(stack);
    assert.equal(status, 'green', headline);
    assert.deepEqual(
      repairs.map(({ code }) => code),
      ['rows_without_parent'],
    );
    assert.notEqual(await signIn(stack, 'ada@example.com'), undefined);
  });

  it('a role that comes back is given to nobody whose account was deleted since', async () => {
    await stack.asSuperuser(db =>
      db.script(`delete from users where email = 'ada@example.com'; delete from roles where name = 'user'`),
    );
    const { status, headline } = await fix(stack);
    assert.equal(status, 'green', headline);
    assert.match(headline, /1 row of public\.user_roles not brought back: the row of public\.users/);
    const { rows } = await stack.asSuperuser(db =>
      db.one(sql<{ rows: number }>`select count(*)::int as rows from users where email = 'ada@example.com'`),
    );
    assert.equal(rows, 0);
    assert.notEqual(await signIn(stack, 'bob@example.com'), undefined);
  });
});
