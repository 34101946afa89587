import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Connection, connect, sql } from '@holdfast/postgres';
import { type ShopSystem, startShopSystem } from '@holdfast/testing';
import { examine, type RepairReport, repair, stateDirectoryOf } from '../src/index.ts';
import { type DescribedSystem, describeSystem } from './described-system.ts';

describe('repairs by an owner of tables who is no superuser', () => {
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
  });
  after(async () => {
    await shop.close();
    await system.remove();
  });

  async function fix(mode: 'plan' | 'apply'): Promise<RepairReport> {
    const target = await system.resolve();
    return repair(target, await examine(target), {
      ...{ mode, stateDirectory: stateDirectoryOf(target), tools: {}, withoutBackup: true },
      consent: async () => true,
      resolve: () => system.resolve(),
    });
  }

  async function whileLocked(url: string, work: (session: Connection) => Promise<void>): Promise<void> {
    const session = await connect({ url });
    try {
      await session.query(sql`begin`);
      await session.query(sql`lock table shop.orders in access exclusive mode`);
      await work(session);
    } finally {
      await session.close();
    }
  }

  it('a session of the API that keeps a table locked is ended as the role of the API', async () => {
    await whileLocked(shop.appUrl, async session => {
      const plan = await fix('plan');
      const told = JSON.stringify([plan.headline, plan.left]);
      assert.deepEqual(plan.left, [], told);
      assert.deepEqual(
        plan.repairs.map(({ code, steps }) => [code, steps.map(({ command }) => command)]),
        [['table_locked', [`select pg_terminate_backend(${session.processId});`]]],
        told,
      );
      const report = await fix('apply');
      assert.equal(report.status, 'green', JSON.stringify([report.headline, report.repairs, report.left]));
    });
  });

  it('a session of somebody else is not gone because it is hidden: it says who may end it', async () => {
    const other = new URL(shop.appUrl);
    await shop.asSuperuser(db => db.script(`create role clerk login superuser password 'clerk'`));
    other.username = 'clerk';
    other.password = 'clerk';
    await whileLocked(other.href, async session => {
      const { left, repairs } = await fix('plan');
      assert.deepEqual(repairs, []);
      assert.deepEqual(
        left.map(({ code, why }) => [code, why]),
        [
          [
            'table_locked',
            `the role shop_owner may not see or end sessions of clerk; as clerk or a superuser: select pg_terminate_backend(${session.processId});`,
          ],
        ],
      );
    });
  });

  /** Why the plain examination says that a repair leaves a cause. */
  async function foreseen(code: string): Promise<string | undefined> {
    const backups = { backups: async () => [] };
    const { rootCauses } = await examine(await system.resolve(), { backups });
    const cause = rootCauses.find(item => item.code === code);
    assert.ok(cause, JSON.stringify(rootCauses.map(item => item.code)));
    return cause.left;
  }

  const FORESEEN = [
    {
      code: 'search_path_changed',
      inject: 'alter role shop_app set search_path = pg_catalog',
      heal: 'alter role shop_app reset search_path',
      left: /^the role shop_owner may not do it; as a superuser: alter role "shop_app"/,
    },
    {
      code: 'column_missing',
      inject: 'alter table shop.reviews alter column stars type bigint',
      heal: 'alter table shop.reviews alter column stars type integer',
      left: /^not run, because it destroys/,
    },
    {
      code: 'rows_lost',
      inject: 'create table shop.kept as table shop.order_items; delete from shop.order_items',
      heal: 'insert into shop.order_items overriding system value select * from shop.kept; drop table shop.kept',
      left: /^no backup that can be opened from here has more rows of shop.order_items$/,
    },
  ];
  for (const { code, inject, heal, left } of FORESEEN) {
    it(`the examination says already that ${code} is left, and why`, async () => {
      await shop.asSuperuser(db => db.script(inject));
      try {
        assert.match((await foreseen(code)) ?? 'not left', left);
      } finally {
        await shop.asSuperuser(db => db.script(heal));
      }
    });
  }

  it('a plan says that pg_dump would refuse the backup before, where row security binds the owner', async () => {
    const plan = async (): Promise<RepairReport> => {
      const target = await system.resolve();
      return repair(target, await examine(target), {
        ...{ mode: 'plan', stateDirectory: stateDirectoryOf(target), consent: async () => true },
        tools: { backup: async () => 'never taken' },
      });
    };
    await shop.asSuperuser(db => db.script('drop index shop.reviews_customer'));
    try {
      assert.deepEqual((await plan()).missing, []);
      await shop.asSuperuser(db =>
        db.script('alter table shop.reviews enable row level security, force row level security'),
      );
      assert.deepEqual((await plan()).missing, [
        "no backup can be taken before: row level security hides rows of shop.reviews from the role shop_owner, and pg_dump refuses to leave them out: a role with BYPASSRLS or a superuser as the owner's URL may take it; --no-backup goes on without",
      ]);
    } finally {
      await shop.asSuperuser(db =>
        db.script(`
          alter table shop.reviews disable row level security, no force row level security;
          create index reviews_customer on shop.reviews (customer_id)`),
      );
    }
  });

  it('a run that is stopped before its first step says that nothing was changed', async () => {
    await shop.asSuperuser(db => db.script('drop index shop.reviews_customer'));
    try {
      const target = await system.resolve();
      const stopped = repair(target, await examine(target), {
        ...{ mode: 'apply', stateDirectory: stateDirectoryOf(target), tools: {}, withoutBackup: true },
        ...{ consent: async () => true, signal: AbortSignal.abort() },
      });
      await assert.rejects(stopped, { code: 'interrupted', message: 'Stopped before anything was changed' });
    } finally {
      await shop.asSuperuser(db =>
        db.script('create index if not exists reviews_customer on shop.reviews (customer_id)'),
      );
    }
  });
});
