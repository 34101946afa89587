import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sql } from '@holdfast/postgres';
import {
  constraintMissing,
  indexMissing,
  rightsRevoked,
  type Stack,
  tableMissing,
  triggerDisabled,
} from '@holdfast/testing';
import { carryOut, takeBack } from '../src/repair/carry-out.ts';
import { findInterrupted } from '../src/repair/repair-journal.ts';
import { dieAt, finishesAfter } from './cut-off-repairs.ts';
import { stackWithUsers } from './examination.ts';
import { fix } from './repair-support.ts';

describe('repairs that are cut off', () => {
  let stack: Stack;

  before(async () => {
    stack = await stackWithUsers();
  });
  after(() => stack.close());

  it('in one transaction: finished, wherever it died', () =>
    finishesAfter(stack, triggerDisabled('users', 'users_modified_at'), carryOut));

  it('outside of transactions: taken back and done again, wherever it died', () =>
    finishesAfter(stack, indexMissing('sessions_expiry'), carryOut));

  it('with a constraint that begins as an index: taken back and done again, wherever it died', () =>
    finishesAfter(stack, constraintMissing('role_permissions', 'role_permissions_pkey'), carryOut));

  it('with rows out of a backup: once and no more, wherever it died', () =>
    finishesAfter(stack, tableMissing('user_profiles'), carryOut));

  it('while it is taken back: taken back to the end, and then repaired, wherever it died', () =>
    finishesAfter(stack, rightsRevoked('user_profiles'), async work => {
      await carryOut(work);
      await takeBack(work);
    }));

  it('one of another database, under the same state directory, is left to that one', async () => {
    const elsewhere = 'postgresql://app@db.example:5432/shop';
    await stack.restoreDatabase();
    await rightsRevoked('user_profiles').inject(stack);
    assert.equal(await dieAt(stack, 1, carryOut, elsewhere), true);
    const report = await fix(stack);
    assert.deepEqual([report.status, report.resumed], ['green', []]);
    const [left] = await findInterrupted(stack.home, 'postgresql://owner:secret@db.example/shop');
    assert.deepEqual(
      left?.run.repairs.map(({ phase }) => phase),
      ['applying'],
    );
  });

  it('one that does not help is taken back, and said so', async () => {
    await stack.restoreDatabase();
    await rightsRevoked('user_profiles').inject(stack);
    await stack.asSuperuser(async db => {
      await db.script(`
        create function revoke_again() returns event_trigger language plpgsql as
          $$ begin revoke update on user_profiles from holdfast_app; end $$;
        create event trigger spoils on ddl_command_end when tag in ('GRANT') execute function revoke_again();`);
    });
    try {
      const report = await fix(stack);
      assert.equal(report.status, 'not_green');
      const [record] = report.repairs;
      assert.deepEqual(
        [record?.outcome, record?.steps.map(({ outcome }) => outcome), record?.after[0]?.outcome],
        ['undone', ['undone'], 'fail'],
      );
      assert.match(report.headline, /^Not everything is repaired: 0 helped, 1 did not help and taken back/);
      assert.equal(await mayRead(), false);
    } finally {
      await stack.restoreDatabase();
    }
  });

  async function mayRead(): Promise<boolean> {
    return stack.asSuperuser(async db => {
      const { may } = await db.one(
        sql<{ may: boolean }>`select has_table_privilege('holdfast_app', 'user_profiles', 'select') as may`,
      );
      return may;
    });
  }
});
