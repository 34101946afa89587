import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sql } from '@holdfast/postgres';
import {
  builtInRoleMissing,
  columnMissing,
  constraintMissing,
  duplicateRoleNames,
  type FaultInjection,
  functionMissing,
  indexMissing,
  keyringOpenToOthers,
  migrationsPending,
  permissionNotGranted,
  refreshTokensTruncated,
  rightsRevoked,
  rolePermissionsDeleted,
  type Stack,
  sequenceBehind,
  sessionsOrphaned,
  tableLocked,
  tableLockedQuietly,
  tableMissing,
  triggerDisabled,
} from '@holdfast/testing';
import { stackWithUsers } from './examination.ts';
import { changedTables, fix } from './repair-support.ts';

/** As after a build that was interrupted. */
const indexInvalid: FaultInjection = {
  name: 'an index marked invalid',
  inject: stack =>
    stack.asSuperuser(async db => {
      await db.query(
        sql`update pg_index set indisvalid = false where indexrelid = 'sessions_expiry'::regclass`,
      );
    }),
  heal: stack => stack.restoreDatabase(),
  expected: { code: 'index_invalid', layer: 'schema', subject: 'index:sessions_expiry' },
};

/**
 * Faults with the tables whose sum is not what it was before the fault, once it is repaired: grants are new, and a column that is made again
 * moves to the end.
 */
const REPAIRED: readonly (readonly [FaultInjection, (readonly string[])?])[] = [
  [sequenceBehind('audit_log', 'position')],
  [indexInvalid],
  [triggerDisabled('users', 'users_modified_at')],
  [indexMissing('sessions_expiry')],
  [constraintMissing('sessions', 'sessions_user_id_fkey')],
  [functionMissing('set_modified_at')],
  [rightsRevoked('user_profiles')],
  [permissionNotGranted('audit:read'), ['public.role_permissions']],
  [rolePermissionsDeleted],
  [tableMissing('user_profiles')],
  [columnMissing('users', 'last_login_at'), ['public.users']],
  [sessionsOrphaned],
  [tableLocked('user_profiles')],
  [tableLockedQuietly('users')],
  [keyringOpenToOthers],
  [migrationsPending],
  [refreshTokensTruncated],
  [builtInRoleMissing('admin'), ['public.role_permissions', 'public.roles']],
  [duplicateRoleNames, ['public.roles']],
];

describe('repairs on a running system', () => {
  let stack: Stack;

  before(async () => {
    stack = await stackWithUsers();
  });
  after(() => stack.close());

  it('a column comes back with its values, and no trigger has run', async () => {
    const read = () =>
      stack.asSuperuser(db => db.many(sql`select id, last_login_at, modified_at from users order by id`));
    const users = await read();
    const fault = columnMissing('users', 'last_login_at');
    await fault.inject(stack);
    try {
      const { repairs } = await fix(stack, {
        tools: { reachOf: async () => '2100-01-01T00:00:00.000Z' },
      });
      assert.deepEqual(await read(), users);
      const [{ steps, undo }] = repairs as [(typeof repairs)[number]];
      assert.match(steps[0]?.what ?? '', /as of \d{4}-[\d:.TZ-]+; what was written later is not in it/);
      assert.match(
        steps[0]?.what ?? '',
        /until 2100-01-01T.*holdfast restore saved --table public\.users --mode overwrite --to-time TIME/,
      );
      assert.match(undo, /^alter table "?public"?\."?users"? drop column "?last_login_at"? cascade;$/);
    } finally {
      await fault.heal(stack);
    }
  });

  for (const [fault, changed = []] of REPAIRED) {
    it(`${fault.name}: repaired and proven, everything else as it was`, async () => {
      await fault.inject(stack);
      try {
        const report = await fix(stack);
        const summary = report.repairs.map(({ code, outcome, steps }) => [
          code,
          outcome,
          steps.map(({ detail }) => detail),
        ]);
        assert.equal(report.status, 'green', JSON.stringify([report.headline, summary, report.left]));
        assert.ok(report.repairs.some(({ code }) => code === fault.expected.code));
        assert.ok(report.repairs.every(({ outcome }) => outcome === 'helped'));
        assert.doesNotMatch(report.headline, /left as found/);
        assert.deepEqual(await notOwn(stack), changed);
        const again = await fix(stack);
        assert.deepEqual([again.status, again.repairs, again.left], ['green', [], []]);
      } finally {
        await fault.heal(stack);
      }
    });
  }

  it('rows that are there with other values stay, and the result says how many', async () => {
    await stack.asSuperuser(db =>
      db.query(sql`
        insert into users (id, email)
        select gen_random_uuid(), format('user-%s@example.com', n) from generate_series(1, 200) n`),
    );
    await stack.saveDatabase();
    await stack.asSuperuser(async db => {
      await db.query(sql`update users set email = 'other@example.com' where email = 'user-1@example.com'`);
      await db.query(sql`delete from users where email like 'user-%'`);
    });
    const { status, headline, repairs } = await fix(stack);
    assert.equal(status, 'green', headline);
    assert.match(
      headline,
      /works, with 1 row of public\.users that differs from the backup left as found\.$/,
    );
    assert.match(
      repairs[0]?.steps[0]?.detail ?? '',
      /^public\.users: 199 rows brought back, .*1 differ and stay as they are/,
    );
  });
});

/**
 * Without what is kept of restores and seeds, and without quarantine: while a foreign key is missing, the session of the doctor's own
 * account outlives it.
 */
async function notOwn(stack: Stack): Promise<string[]> {
  const tables = await changedTables(stack);
  return tables.filter(name => !/^holdfast_(ledger|recovery|quarantine)\./.test(name));
}
