import { setTimeout as delay } from 'node:timers/promises';
import { createRandom, type Random } from '@holdfast/core';
import { sql } from '@holdfast/postgres';
import type { ShopSystem } from '@holdfast/testing';
import { askForNothing } from './own-controls.ts';
import type { HealthyControl } from './system.ts';

const PAUSE_MS = 20;
const LARGE = 50_000;

/** More products, customers and orders, as many as the seed says. */
export async function fillOther({ asSuperuser }: ShopSystem, random: Random): Promise<void> {
  await grow(asSuperuser, 200 + random.below(800), `seed-${random.below(1e6)}`);
}

async function grow(as: ShopSystem['asSuperuser'], products: number, mark: string): Promise<void> {
  await as(async db => {
    await db.query(sql`
      insert into shop.products (sku, title, price_cents)
      select ${mark}::text || '-' || n, 'Product ' || n, n from generate_series(1, ${products}::int) n
    `);
    await db.query(sql`
      insert into shop.stock_movements (product_id, amount)
      select id, id % 7 from shop.products where sku like ${mark}::text || '-%'
    `);
    await db.query(sql`analyze`);
  });
}

/** States in which the shop is sound. */
export function otherControls(shop: ShopSystem, seed: number): HealthyControl[] {
  const random = createRandom(seed);
  return [
    { name: 'idle' },
    { name: '404s of bots', during: signal => askForNothing(shop.proxyUrl, random, signal) },
    { name: '401s of somebody who guesses passwords', during: signal => guess(shop, random, signal) },
    {
      name: 'an outage of the database that is over',
      prepare: async () => {
        await shop.stopDatabase('immediate');
        await shop.startDatabase();
      },
    },
    {
      name: 'a clean deployment',
      prepare: async () => {
        await shop.stopServer();
        await shop.startServer();
      },
    },
    { name: 'a large database', prepare: () => grow(shop.asSuperuser, LARGE, 'large') },
  ];
}

async function guess({ proxyUrl, account }: ShopSystem, random: Random, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const response = await fetch(`${proxyUrl}/v2/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: account.email, password: `guess number ${random.below(1e9)}` }),
    }).catch(() => undefined);
    await response?.body?.cancel();
    await delay(PAUSE_MS);
  }
}
