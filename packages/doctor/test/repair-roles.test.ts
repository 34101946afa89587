import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type SqlQuery, sql } from '@holdfast/postgres';
import {
  connectionLimitReached,
  connectionsLeftInTransactions,
  databaseLoginRefused,
  type FaultInjection,
  roleExpired,
  type Stack,
  searchPathChanged,
} from '@holdfast/testing';
import { stackWithUsers } from './examination.ts';
import { carryOutAndTakeBack, changedTables, fix } from './repair-support.ts';

/** Of which only the narrowest is seen, and hides the others. */
const setAtThreePlaces: FaultInjection = {
  name: 'another search path for the role of the API, at three places',
  inject: async stack => {
    await searchPathChanged.inject(stack);
    await setElsewhere(stack, sql`set search_path = pg_catalog, "$user"`);
  },
  heal: async stack => {
    await setElsewhere(stack, sql`reset search_path`);
    await searchPathChanged.heal(stack);
  },
  expected: searchPathChanged.expected,
};

function setElsewhere({ asAdministrator }: Stack, change: SqlQuery): Promise<void> {
  return asAdministrator(async db => {
    await db.query(sql`alter role holdfast_app in database holdfast ${change}`);
    await db.query(sql`alter database holdfast ${change}`);
  });
}

const FAULTS = [
  roleExpired,
  connectionLimitReached,
  databaseLoginRefused,
  searchPathChanged,
  setAtThreePlaces,
  connectionsLeftInTransactions(),
];

describe('repairs of what is set for the role of the API', () => {
  let stack: Stack;

  before(async () => {
    stack = await stackWithUsers();
  });
  after(() => stack.close());

  for (const fault of FAULTS) {
    it(`${fault.name}: repaired and proven, every row as it was`, async () => {
      await fault.inject(stack);
      try {
        const report = await fix(stack);
        const told = JSON.stringify([report.headline, report.repairs, report.left]);
        assert.equal(report.status, 'green', told);
        assert.deepEqual(
          report.repairs.map(({ code, subject, outcome }) => [code, subject, outcome]),
          [[fault.expected.code, fault.expected.subject, 'helped']],
          told,
        );
        assert.deepEqual(await changedTables(stack), []);
      } finally {
        await fault.heal(stack);
      }
    });
  }

  for (const fault of FAULTS.filter(({ expected }) => expected.code !== 'connections_left_in_transactions')) {
    it(`${fault.name}: taken back, the role is what it was before the repair`, async () => {
      await fault.inject(stack);
      try {
        const broken = await roleAndSettings();
        assert.notDeepEqual(await carryOutAndTakeBack(stack, roleAndSettings), broken);
        assert.deepEqual(await roleAndSettings(), broken);
      } finally {
        await fault.heal(stack);
      }
    });
  }

  it('nothing is done without consent, and the plan has the statement and its way back', async () => {
    await roleExpired.inject(stack);
    try {
      const report = await fix(stack, { consent: async () => false });
      assert.deepEqual(
        report.repairs.map(({ risk, undo, steps }) => [
          risk,
          undo,
          steps.map(step => [step.command, step.detail]),
        ]),
        [
          [
            'confirm',
            `alter role "holdfast_app" valid until '2020-01-01T00:00:00+00:00';`,
            [[`alter role "holdfast_app" valid until 'infinity';`, 'not agreed to; --yes agrees']],
          ],
        ],
      );
      assert.equal(await isGood(), false);
    } finally {
      await roleExpired.heal(stack);
    }
  });

  function roleAndSettings(): Promise<unknown> {
    return stack.asSuperuser(db =>
      db.many(sql`
        select r.rolcanlogin, r.rolconnlimit, r.rolvaliduntil, s.setrole <> 0 as role, s.setdatabase <> 0 as database, s.setconfig
        from pg_roles r left join pg_db_role_setting s on s.setrole in (0, r.oid) where r.rolname = 'holdfast_app' order by 4, 5`),
    );
  }

  function isGood(): Promise<boolean> {
    return stack.asSuperuser(async db => {
      const { good } = await db.one(sql<{ good: boolean }>`
        select rolvaliduntil > now() as good from pg_roles where rolname = 'holdfast_app'`);
      return good;
    });
  }
});
