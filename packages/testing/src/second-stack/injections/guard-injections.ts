import { sql } from '@holdfast/postgres';
import { damage } from './schema-injections.ts';
import type { ShopInjection } from './shop-injection.ts';

/** What stands between a statement and the rows of the shop. */
export const GUARD_INJECTIONS = {
  rowSecurityEnabled: (system, pick) => {
    const table = pick(['customers', 'reviews', 'orders', 'products', 'sessions']);
    return damage(
      system,
      `row level security of shop.${table} switched on without a policy`,
      ['row_security_changed', 'schema', `table:shop.${table}`],
      [table],
      sql`alter table ${sql.id('shop', table)} enable row level security`,
    );
  },
  triggerRefusesRows: (system, pick) => {
    const table = pick(['sessions', 'reviews']);
    return damage(
      system,
      `a trigger that refuses every row of shop.${table}`,
      ['trigger_unexpected', 'schema', `trigger:shop.${table}.refuse`],
      [table],
      sql`
        create function shop.refuse() returns trigger language plpgsql
        as $$ begin raise exception 'nothing may change before the audit'; end $$
      `,
      sql`
        create trigger refuse before insert or update on ${sql.id('shop', table)}
        for each row execute function shop.refuse()
      `,
    );
  },
  triggerDropsRows: (system, pick) => {
    const table = pick(['reviews', 'payments', 'stock_movements']);
    return damage(
      system,
      `a trigger that drops every new row of shop.${table}`,
      ['trigger_unexpected', 'schema', `trigger:shop.${table}.forget`],
      [table],
      sql`create function public.forget() returns trigger language plpgsql as $$ begin return null; end $$`,
      sql`
        create trigger forget before insert on ${sql.id('shop', table)}
        for each row execute function public.forget()
      `,
    );
  },
} as const satisfies Record<string, ShopInjection>;
