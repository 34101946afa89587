import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type DatabaseContent, readContent } from '@holdfast/database/backup';
import { sql } from '@holdfast/postgres';
import { SHOP_INJECTIONS, type ShopSystem, startShopSystem } from '@holdfast/testing';
import { examine, type RepairReport, repair, stateDirectoryOf } from '../src/index.ts';
import { type DescribedSystem, describeSystem } from './described-system.ts';

/** What is set for a role of the server, which few roles may change. */
const OF_ROLES = [
  'roleExpired',
  'roleConnectionLimit',
  'loginForbidden',
  'roleSearchPath',
  'roleStatementTimeout',
] as const;
/** What the owner of the tables may change. */
const OF_TABLES = [
  'rowSecurityEnabled',
  'triggerRefusesRows',
  'triggerDropsRows',
  'ownTriggerEmptied',
] as const;

describe('repairs of a system of another make', () => {
  let shop: ShopSystem;
  let system: DescribedSystem;

  before(async () => {
    shop = await startShopSystem();
    system = await describeSystem({
      url: shop.ownerUrl,
      config: [
        'holdfast.config.json',
        JSON.stringify({
          name: 'shop',
          database: { url: { env: 'SHOP_URL' }, ownerUrl: { env: 'SHOP_OWNER_URL' }, schemas: ['shop'] },
          api: { urls: [shop.serverUrl], health: '/v2/status' },
        }),
      ],
      variables: { SHOP_URL: shop.appUrl, SHOP_OWNER_URL: shop.ownerUrl },
    });
    await shop.saveDatabase();
  });
  after(async () => {
    await shop.close();
    await system.remove();
  });

  async function fix(): Promise<RepairReport> {
    const target = await system.resolve();
    return repair(target, await examine(target), {
      ...{ mode: 'apply', stateDirectory: stateDirectoryOf(target), tools: {}, withoutBackup: true },
      consent: async () => true,
      resolve: () => system.resolve(),
    });
  }

  function injection(kind: string) {
    const bound = SHOP_INJECTIONS[kind]?.(shop, ([first]) => first as never);
    assert.ok(bound, kind);
    return bound;
  }

  async function sums(): Promise<DatabaseContent['tables']> {
    const { tables } = await readContent({
      ...{ url: shop.ownerUrl, jobs: 1, holds: 'physical', signal: new AbortController().signal },
      onProgress: () => undefined,
    });
    return tables;
  }

  async function isRepaired(kind: string): Promise<void> {
    const before = await sums();
    const { inject, heal, expected } = injection(kind);
    await inject();
    try {
      const report = await fix();
      const told = JSON.stringify([report.headline, report.repairs, report.left]);
      assert.equal(report.status, 'green', told);
      assert.deepEqual(
        report.repairs.map(({ code, subject, outcome }) => [code, subject, outcome]),
        [[expected.code, expected.subject, 'helped']],
        told,
      );
      assert.deepEqual(await sums(), before);
    } finally {
      await heal();
    }
  }

  for (const kind of OF_ROLES) {
    it(`${kind}: left to a superuser, with what to type, by an owner who may not do it`, async () => {
      const { inject, heal, expected } = injection(kind);
      await inject();
      try {
        const { repairs, left } = await fix();
        assert.deepEqual(repairs, []);
        assert.deepEqual(
          left.map(({ code }) => code),
          [expected.code],
        );
        assert.match(
          left[0]?.why ?? '',
          /^the role shop_owner may not do it; as a superuser: alter role "shop_app" .*;$/,
        );
      } finally {
        await heal();
      }
    });
  }

  it('what belongs to somebody else is left to its owner, with what to type', async () => {
    await shop.asSuperuser(db =>
      db.script(`
        create role shop_auditor;
        alter table shop.reviews owner to shop_auditor;
        grant select on shop.reviews to shop_owner`),
    );
    await system.snapshot();
    const { inject, heal } = injection('triggerDropsRows');
    await inject();
    try {
      const { repairs, left } = await fix();
      assert.deepEqual(repairs, []);
      assert.deepEqual(
        left.map(({ code, why }) => [code, why]),
        [
          [
            'trigger_unexpected',
            'the role shop_owner does not own reviews, or what its triggers call; as the owner: drop trigger "forget" on "shop"."reviews";',
          ],
        ],
      );
    } finally {
      await heal();
      await system.snapshot();
    }
  });

  for (const kind of OF_TABLES) it(`${kind}: repaired by the owner and proven`, () => isRepaired(kind));

  describe('by an owner who administers the role of the server', () => {
    before(async () => {
      await shop.asAdministrator(async db => {
        await db.query(sql`alter role shop_owner createrole`);
        await db.query(sql`grant shop_app to shop_owner with admin option, inherit true, set false`);
      });
    });

    for (const kind of OF_ROLES) it(`${kind}: repaired and proven`, () => isRepaired(kind));

    it('a search path that was recorded comes back as it was, an empty name and all', async () => {
      const recorded = `'$user', shop, '', 'a b'`;
      await shop.asAdministrator(db =>
        db.script(`alter role shop_app in database shop set search_path = ${recorded}`),
      );
      const settings = () =>
        shop.asAdministrator(db =>
          db.many(sql`select setdatabase <> 0 as own, setconfig from pg_db_role_setting order by 1`),
        );
      const before = await settings();
      await system.snapshot();
      try {
        for (const change of ['set search_path = pg_catalog', 'reset search_path']) {
          await shop.asAdministrator(db => db.script(`alter role shop_app in database shop ${change}`));
          const report = await fix();
          const told = JSON.stringify([report.headline, report.repairs, report.left]);
          assert.deepEqual(
            [report.status, report.repairs.map(({ code }) => code)],
            ['green', ['search_path_changed']],
            told,
          );
          assert.deepEqual(await settings(), before);
        }
      } finally {
        await shop.asAdministrator(db => db.script('alter role shop_app in database shop reset search_path'));
        await system.snapshot();
      }
    });
  });
});
