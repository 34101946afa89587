import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { emptyDatabase, type SecondStack, startSecondStack, type TestDatabase } from '@holdfast/testing';
import { examine, type RepairReport, repair, stateDirectoryOf } from '../src/index.ts';
import { type DescribedSystem, describeSystem } from './described-system.ts';

interface OtherRepair {
  readonly name: string;
  readonly code: string;
  readonly inject: string;
  readonly heal: string;
  /** True once it is repaired. */
  readonly proof: string;
}

const REPAIRS: readonly OtherRepair[] = [
  {
    name: 'the keys of a table start again',
    code: 'sequence_behind',
    inject: `select setval('shop.categories_id_seq', 1, false)`,
    heal: 'select 1',
    proof: `select nextval('shop.categories_id_seq') > (select max(id) from shop.categories)`,
  },
  {
    name: 'an index is dropped',
    code: 'index_missing',
    inject: 'drop index shop.reviews_customer',
    heal: 'create index if not exists reviews_customer on shop.reviews (customer_id)',
    proof: `select to_regclass('shop.reviews_customer') is not null`,
  },
  {
    name: 'a constraint is dropped',
    code: 'constraint_missing',
    inject: 'alter table shop.reviews drop constraint reviews_stars_check',
    heal: 'select 1',
    proof: `select convalidated from pg_constraint where conname = 'reviews_stars_check'`,
  },
  {
    name: 'a view is renamed away',
    code: 'function_missing',
    inject: 'alter view shop.order_lines rename to order_lines_before',
    heal: 'alter view if exists shop.order_lines_before rename to order_lines',
    proof: `select to_regclass('shop.order_lines') is not null`,
  },
  {
    name: 'an extension is dropped, which comes back where it was',
    code: 'extension_missing',
    inject: 'drop extension citext',
    heal: 'create extension if not exists citext with schema shop',
    proof: `select extnamespace = 'shop'::regnamespace from pg_extension where extname = 'citext'`,
  },
];

describe('repairs of a system that only its configuration describes', () => {
  let stack: SecondStack;
  let database: TestDatabase;
  let system: DescribedSystem;

  before(async () => {
    database = await emptyDatabase();
    stack = await startSecondStack(database.ownerUrl);
    await stack.asOwner(client => client.query('create extension citext with schema shop'));
    system = await describeSystem({
      url: database.ownerUrl,
      config: [
        'holdfast.config.json',
        JSON.stringify({
          name: 'shop',
          database: { url: { env: 'SHOP_DATABASE_URL' }, schemas: ['shop'] },
          api: { urls: [stack.serverUrl], health: '/v2/status' },
        }),
      ],
      variables: { SHOP_DATABASE_URL: database.ownerUrl },
    });
  });
  after(async () => {
    await stack.close();
    await database.close();
    await system.remove();
  });

  async function fix(withoutBackup: boolean, mode: 'plan' | 'apply' = 'apply'): Promise<RepairReport> {
    const target = await system.resolve();
    return repair(target, await examine(target), {
      mode,
      stateDirectory: stateDirectoryOf(target),
      tools: { whyNoBackup: 'HOLDFAST_BACKUPS names no place for one' },
      consent: async () => true,
      withoutBackup,
    });
  }

  async function isSo(query: string): Promise<boolean> {
    return stack.asOwner(async client => {
      const { rows } = await client.query<boolean[]>({ text: query, rowMode: 'array' });
      return rows[0]?.[0] === true;
    });
  }

  for (const { name, code, inject, heal, proof } of REPAIRS) {
    it(`${name}: repaired and proven`, async () => {
      await stack.asOwner(client => client.query(inject));
      try {
        const report = await fix(true);
        const told = JSON.stringify([report.headline, report.repairs, report.left]);
        assert.equal(report.status, 'green', told);
        assert.deepEqual(
          report.repairs.map(item => [item.code, item.outcome]),
          [[code, 'helped']],
          told,
        );
        assert.equal(await isSo(proof), true);
      } finally {
        await stack.asOwner(client => client.query(heal));
      }
    });
  }

  it('duplicates to which rows of other tables refer: the plan says so, and leaves them to a person', async () => {
    await stack.asOwner(client =>
      client.query(`
        alter table shop.products drop constraint products_sku_key;
        insert into shop.products (sku, title, price_cents) values ('sku-1', 'the twin', 1);
        insert into shop.reviews (product_id, customer_id, stars)
        select p.id, c.id, 3 from shop.products p, shop.customers c where p.title = 'the twin' order by c.id limit 1`),
    );
    try {
      const { repairs, left } = await fix(true, 'plan');
      assert.deepEqual(
        [repairs, left.map(({ why }) => why)],
        [
          [],
          [
            'rows of shop.reviews refer by reviews_product_id_fkey to rows that would be put aside: point them to the ones that stay first',
          ],
        ],
      );
    } finally {
      await stack.asOwner(client =>
        client.query(`
          delete from shop.products where title = 'the twin';
          alter table shop.products add unique (sku)`),
      );
    }
  });

  it('duplicates under a unique index that was dropped: the younger row is kept aside', async () => {
    await stack.asOwner(client =>
      client.query(`
        alter table shop.products drop constraint products_sku_key;
        insert into shop.products (sku, title, price_cents) values ('sku-1', 'the twin', 1)`),
    );
    const report = await fix(true);
    assert.equal(report.status, 'green', JSON.stringify([report.headline, report.repairs, report.left]));
    const [step] = report.repairs[0]?.steps ?? [];
    const [, place = ''] = /into (\S+)/.exec(step?.what ?? '') ?? [];
    assert.equal(await isSo(`select count(*) = 1 and min(title) = 'the twin' from ${place}`), true);
    assert.equal(await isSo(`select count(*) = 1 from shop.products where sku = 'sku-1'`), true);
    await stack.asOwner(client => client.query('drop schema holdfast_quarantine cascade'));
  });

  it('without a place for a backup nothing is changed, and it says what to do', async () => {
    await stack.asOwner(client => client.query('drop index shop.reviews_customer'));
    try {
      const report = await fix(false);
      assert.deepEqual(
        report.repairs.map(({ outcome, steps }) => [outcome, steps[0]?.detail]),
        [
          [
            'planned',
            'no backup can be taken before: HOLDFAST_BACKUPS names no place for one; --no-backup goes on without',
          ],
        ],
      );
      assert.equal(report.status, 'not_green');
      assert.equal(await isSo(`select to_regclass('shop.reviews_customer') is null`), true);
      const plan = await fix(false, 'plan');
      assert.deepEqual(
        plan.missing,
        report.repairs.flatMap(({ steps }) => steps.map(({ detail }) => detail)),
      );
      assert.deepEqual((await fix(true, 'plan')).missing, []);
    } finally {
      await stack.asOwner(client =>
        client.query('create index reviews_customer on shop.reviews (customer_id)'),
      );
    }
  });
});
