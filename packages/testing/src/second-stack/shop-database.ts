import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { hashPassword } from './server/shop-tokens.ts';

const MIGRATIONS = join(import.meta.dirname, 'migrations');

/** The account that signs in in tests. */
export const SHOP_ACCOUNT = { email: 'probe@shop.invalid', password: 'a-plain-probe-password' };

/** Brings an empty database to the schema of the shop, with the ledger as dbmate keeps it, and fills it. */
export async function prepareShop(databaseUrl: string): Promise<void> {
  await withClient(databaseUrl, async client => {
    await client.query('create table schema_migrations (version varchar(128) primary key)');
    for (const file of (await readdir(MIGRATIONS)).filter(name => name.endsWith('.sql')).toSorted()) {
      const text = await readFile(join(MIGRATIONS, file), 'utf8');
      const up = text.split('-- migrate:down', 1)[0] ?? '';
      await client.query('begin');
      await client.query(up);
      await client.query('insert into schema_migrations (version) values ($1)', [file.split('_', 1)[0]]);
      await client.query('commit');
    }
    await seed(client);
  });
}

async function seed(client: Client): Promise<void> {
  await client.query(`
    insert into shop.categories (slug, title, parent_id)
    values ('tools', 'Tools', null), ('garden', 'Garden', null), ('hammers', 'Hammers', 1);
    insert into shop.products (sku, title, description, price_cents)
    select 'sku-' || n, 'Product ' || n, case when n % 3 = 0 then null else 'Made of ' || n || ' parts' end, n * 250
    from generate_series(1, 40) as n;
    insert into shop.product_categories select id, 1 + id % 3 from shop.products;
    insert into shop.stock_movements (product_id, amount) select id, id % 7 from shop.products;
  `);
  for (const { email, name } of [
    { email: SHOP_ACCOUNT.email, name: 'Pat Probe' },
    { email: 'other@shop.invalid', name: 'Someone Else' },
  ]) {
    await client.query('insert into shop.customers (email, full_name, password_hash) values ($1, $2, $3)', [
      email,
      name,
      hashPassword(SHOP_ACCOUNT.password),
    ]);
  }
  await client.query(`
    insert into shop.addresses (customer_id, street, city, country)
    select id, 'Main Street ' || id, 'Bergen', 'NO' from shop.customers;
    insert into shop.orders (customer_id, status, note, placed_at)
    select 1 + n % 2, (array['open', 'paid', 'shipped'])[1 + n % 3], case when n % 4 = 0 then 'leave at the door' end,
      timestamptz '2024-06-01' + n * interval '40 days'
    from generate_series(1, 30) as n;
    insert into shop.order_items (order_id, placed_at, product_id, quantity, unit_price_cents)
    select id, placed_at, 1 + id % 40, 1 + id % 3, 1000 from shop.orders;
    insert into shop.payments (order_id, placed_at, amount_cents, provider)
    select id, placed_at, 1000, 'card' from shop.orders where status <> 'open';
    insert into shop.reviews (product_id, customer_id, stars, body)
    select id, 2, 1 + id % 5, case when id % 2 = 0 then 'Good' end from shop.products;
  `);
}

export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
