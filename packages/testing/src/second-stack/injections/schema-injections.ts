import { type SqlQuery, sql } from '@holdfast/postgres';
import type { ShopSystem } from '../start-shop-system.ts';
import type { BoundShopInjection, ShopInjection } from './shop-injection.ts';

/** Damage done by statements of the superuser, mended by the saved database. */
export function damage(
  system: ShopSystem,
  name: string,
  [code, layer, subject]: readonly [string, string, string],
  touches: readonly string[],
  ...statements: readonly SqlQuery[]
): BoundShopInjection {
  return {
    name,
    expected: { code, layer, subject },
    touches: touches.map(table => `shop.${table}`),
    inject: () =>
      system.asSuperuser(async db => {
        for (const statement of statements) await db.query(statement);
      }),
    heal: () => system.restoreDatabase(),
  };
}

const shop = (name: string) => sql.id('shop', name);

/** Schema and rows of the shop. */
export const SCHEMA_INJECTIONS = {
  tableDropped: (system, pick) => {
    const table = pick(['reviews', 'payments', 'addresses', 'sessions', 'stock_movements']);
    return damage(
      system,
      `the table shop.${table} dropped`,
      ['table_missing', 'schema', `table:shop.${table}`],
      [table, 'products'],
      sql`drop table ${shop(table)} cascade`,
    );
  },
  columnDropped: (system, pick) => {
    const [table, column] = pick([
      ['reviews', 'body'],
      ['customers', 'full_name'],
      ['payments', 'provider'],
      ['addresses', 'city'],
    ] as const);
    return damage(
      system,
      `the column shop.${table}.${column} dropped`,
      ['column_missing', 'schema', `column:shop.${table}.${column}`],
      [table],
      sql`alter table ${shop(table)} drop column ${sql.id(column)} cascade`,
    );
  },
  columnTypeChanged: (system, pick) => {
    const [table, column] = pick([
      ['customers', 'created_at'],
      ['payments', 'amount_cents'],
      ['stock_movements', 'moved_at'],
    ] as const);
    return damage(
      system,
      `the column shop.${table}.${column} made text`,
      ['column_missing', 'schema', `column:shop.${table}.${column}`],
      [table],
      sql`
        alter table ${shop(table)} alter column ${sql.id(column)} drop default, alter column ${sql.id(column)} type text
      `,
    );
  },
  indexDropped: (system, pick) => {
    const [index, table] = pick([
      ['reviews_customer', 'reviews'],
      ['payments_order', 'payments'],
      ['categories_parent', 'categories'],
      ['sessions_customer', 'sessions'],
    ] as const);
    return damage(
      system,
      `the index shop.${index} dropped`,
      ['index_missing', 'schema', `index:shop.${index}`],
      [table],
      sql`drop index ${shop(index)}`,
    );
  },
  indexInvalid: (system, pick) => {
    const [index, table] = pick([
      ['reviews_customer', 'reviews'],
      ['payments_order', 'payments'],
      ['order_items_product', 'order_items'],
    ] as const);
    return damage(
      system,
      `the index shop.${index} marked invalid`,
      ['index_invalid', 'schema', `index:shop.${index}`],
      [table],
      sql`update pg_index set indisvalid = false where indexrelid = ${`shop.${index}`}::regclass`,
    );
  },
  constraintDropped: (system, pick) => {
    const [table, constraint] = pick([
      ['reviews', 'reviews_stars_check'],
      ['order_items', 'order_items_quantity_check'],
      ['reviews', 'reviews_customer_id_fkey'],
      ['addresses', 'addresses_customer_id_fkey'],
    ] as const);
    return damage(
      system,
      `the constraint ${constraint} dropped`,
      ['constraint_missing', 'schema', `constraint:shop.${table}.${constraint}`],
      [table],
      sql`alter table ${shop(table)} drop constraint ${sql.id(constraint)}`,
    );
  },
  uniquenessDropped: system =>
    damage(
      system,
      'a unique constraint dropped, and a row doubled',
      ['constraint_missing', 'schema', 'constraint:shop.categories.categories_slug_key'],
      ['categories'],
      sql`alter table shop.categories drop constraint categories_slug_key`,
      sql`insert into shop.categories (slug, title) select slug, title from shop.categories limit 1`,
    ),
  viewRenamed: (system, pick) => {
    const view = pick(['order_lines', 'product_list', 'order_summaries']);
    return damage(
      system,
      `the view shop.${view} renamed away`,
      ['function_missing', 'schema', `view:shop.${view}`],
      [view],
      sql`alter view ${shop(view)} rename to ${sql.id(`${view}_before`)}`,
    );
  },
  triggerDisabled: (system, pick) => {
    const [table, constraint] = pick([
      ['reviews', 'reviews_customer_id_fkey'],
      ['addresses', 'addresses_customer_id_fkey'],
    ] as const);
    return damage(
      system,
      `the triggers of ${constraint} switched off`,
      ['trigger_disabled', 'schema', `constraint:shop.${table}.${constraint}`],
      [table],
      sql`
        do $$ declare name text; begin
          for name in select tgname from pg_trigger join pg_constraint on pg_constraint.oid = tgconstraint
            where tgrelid = ${sql.literal(`shop.${table}`)}::regclass and conname = ${sql.literal(constraint)}
          loop execute format('alter table %s disable trigger %I', ${sql.literal(`shop.${table}`)}, name); end loop;
        end $$
      `,
    );
  },
  ownTriggerDisabled: system =>
    damage(
      system,
      'a trigger of the shop switched off',
      ['trigger_disabled', 'schema', 'trigger:shop.customers.customers_email_lowered'],
      ['customers'],
      sql`alter table shop.customers disable trigger customers_email_lowered`,
    ),
  ownTriggerChanged: system =>
    damage(
      system,
      'a trigger of the shop made for inserts alone',
      ['trigger_unexpected', 'schema', 'trigger:shop.customers.customers_email_lowered'],
      ['customers'],
      sql`
        create or replace trigger customers_email_lowered before insert on shop.customers
        for each row execute function shop.lower_email()
      `,
    ),
  ownTriggerEmptied: system =>
    damage(
      system,
      'the function of a trigger of the shop replaced by one that does nothing',
      ['trigger_unexpected', 'schema', 'trigger:shop.customers.customers_email_lowered'],
      ['customers'],
      sql`
        create or replace function shop.lower_email() returns trigger language plpgsql
        as $$ begin return new; end $$
      `,
    ),
  rightsRevoked: (system, pick) => {
    const table = pick(['reviews', 'products', 'customers', 'addresses', 'payments']);
    return damage(
      system,
      `the rights on shop.${table} revoked`,
      ['rights_revoked', 'schema', `table:shop.${table}`],
      [table],
      sql`revoke all on ${shop(table)} from shop_app`,
    );
  },
  rowsLost: (system, pick) => {
    const table = pick(['reviews', 'stock_movements']);
    return damage(
      system,
      `the rows of shop.${table} deleted`,
      ['rows_lost', 'data', `table:shop.${table}`],
      [table],
      sql`delete from ${shop(table)}`,
    );
  },
  orphans: system =>
    damage(
      system,
      'parents deleted while foreign keys were not enforced',
      ['rows_without_parent', 'data', 'table:shop.customers'],
      ['customers', 'addresses', 'orders', 'reviews'],
      sql`set session_replication_role = replica`,
      sql`delete from shop.customers where email = 'other@shop.invalid'`,
    ),
  sequenceBehind: (system, pick) => {
    const table = pick(['categories', 'products', 'customers', 'reviews']);
    return damage(
      system,
      `the keys of shop.${table} start again`,
      ['sequence_behind', 'data', `sequence:shop.${table}_id_seq`],
      [table],
      sql`select setval(${`shop.${table}_id_seq`}::regclass, 1, false)`,
    );
  },
} as const satisfies Record<string, ShopInjection>;
