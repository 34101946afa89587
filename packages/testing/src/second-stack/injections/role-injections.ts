import { type SqlQuery, sql } from '@holdfast/postgres';
import { SHOP_ROLE, type ShopSystem } from '../start-shop-system.ts';
import { orderLines } from './api-injections.ts';
import { alterRole } from './database-injections.ts';
import type { BoundShopInjection, ShopInjection } from './shop-injection.ts';

/** What is set for the role of the server, and the rest of PostgreSQL works as before. */
function altered(
  system: ShopSystem,
  name: string,
  code: string,
  [change, back]: readonly [SqlQuery, SqlQuery],
): BoundShopInjection {
  return {
    name,
    expected: { code, layer: 'database', subject: `role:${SHOP_ROLE}` },
    touches: [],
    inject: () => alterRole(system, change),
    heal: () => alterRole(system, back),
  };
}

/** More than statements are given, less than counts as slow, in seconds. */
const LONG_SECONDS = 0.3;

/** The role of the server as its administrators may set it. */
export const ROLE_INJECTIONS = {
  roleExpired: system =>
    altered(system, 'the role of the server expired', 'role_expired', [
      sql`valid until '2020-01-01'`,
      sql`valid until 'infinity'`,
    ]),
  roleConnectionLimit: system =>
    altered(system, 'no connection left for the role of the server', 'connection_limit_reached', [
      sql`connection limit 0`,
      sql`connection limit -1`,
    ]),
  roleSearchPath: system =>
    altered(system, 'another search path for the role of the server', 'search_path_changed', [
      sql`set search_path = pg_catalog`,
      sql`reset search_path`,
    ]),
  roleStatementTimeout: system => {
    const limited = altered(
      system,
      '50 ms for each statement of the server, one of which takes longer',
      'statement_timeout_short',
      [sql`set statement_timeout = '50ms'`, sql`reset statement_timeout`],
    );
    const takes = (seconds: number) =>
      system.asOwner(client => client.query(orderLines(`(select pg_sleep(${seconds})) is not null`)));
    return {
      ...limited,
      touches: ['order_lines'],
      inject: async () => {
        await takes(LONG_SECONDS);
        await limited.inject();
      },
      heal: async () => {
        await limited.heal();
        await system.asOwner(client => client.query(orderLines('true')));
      },
    };
  },
  roleReadOnly: system => ({
    ...altered(system, 'the role of the server set to read-only', 'database_read_only', [
      sql`set default_transaction_read_only = on`,
      sql`reset default_transaction_read_only`,
    ]),
    expected: { code: 'database_read_only', layer: 'database', subject: 'database' },
  }),
} as const satisfies Record<string, ShopInjection>;
