import { randomBytes } from 'node:crypto';
import { type Connection, connect, type SqlQuery, sql } from '@holdfast/postgres';
import { eventually } from '../../eventually.ts';
import { fillConnections } from '../../faults/fill-connections.ts';
import { SHOP_DATABASE, SHOP_ROLE, type ShopSystem } from '../start-shop-system.ts';
import type { ShopInjection } from './shop-injection.ts';

const WAITED_SECONDS = 3;
const HOLDER = 'shop-lock';

export async function endSessions({ asAdministrator }: ShopSystem): Promise<void> {
  await asAdministrator(db =>
    db.query(sql`select pg_terminate_backend(pid) from pg_stat_activity where usename = ${SHOP_ROLE}`),
  );
}

export async function alterRole(system: ShopSystem, change: SqlQuery): Promise<void> {
  await system.asAdministrator(db => db.query(sql`alter role ${sql.id(SHOP_ROLE)} ${change}`));
  await endSessions(system);
}

async function setReadOnly(system: ShopSystem, value: 'on' | 'off'): Promise<void> {
  await system.asAdministrator(db =>
    db.query(
      sql`alter database ${sql.id(SHOP_DATABASE)} set default_transaction_read_only = ${sql.literal(value)}`,
    ),
  );
  await endSessions(system);
}

async function rename(system: ShopSystem, from: string, to: string): Promise<void> {
  await system.asAdministrator(async db => {
    await db.query(sql`alter database ${sql.id(from)} with allow_connections false`);
    await db.query(sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${from}`);
    await db.query(sql`alter database ${sql.id(from)} rename to ${sql.id(to)}`);
    await db.query(sql`alter database ${sql.id(to)} with allow_connections true`);
  });
}

async function open({ ownerUrl }: ShopSystem, sessions: Connection[]): Promise<Connection> {
  const session = await connect({ url: ownerUrl, applicationName: HOLDER });
  sessions.push(session);
  return session;
}

async function lock(system: ShopSystem, sessions: Connection[], table: string): Promise<Connection> {
  const holder = await open(system, sessions);
  await holder.query(sql`begin`);
  await holder.query(sql`lock table ${sql.id('shop', table)} in access exclusive mode`);
  return holder;
}

async function endHolders({ asAdministrator }: ShopSystem, sessions: Connection[]): Promise<void> {
  await asAdministrator(db =>
    db.query(sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = ${HOLDER}`),
  );
  await Promise.all(sessions.splice(0).map(session => session.close().catch(() => undefined)));
}

/** PostgreSQL that is gone, stuck, or does not let the shop in. */
export const DATABASE_INJECTIONS = {
  databaseStopped: system => ({
    name: 'PostgreSQL stopped at once',
    expected: { code: 'database_stopped', layer: 'database', subject: 'database' },
    touches: [],
    inject: () => system.stopDatabase('immediate'),
    heal: () => system.startDatabase(),
  }),
  passwordChanged: system => ({
    name: 'another password for the role of the server',
    expected: { code: 'wrong_database_password', layer: 'database', subject: `role:${SHOP_ROLE}` },
    touches: [],
    inject: () => alterRole(system, sql`password ${sql.literal(randomBytes(12).toString('hex'))}`),
    heal: () => alterRole(system, sql`password ${sql.literal(new URL(system.appUrl).password)}`),
  }),
  loginForbidden: system => ({
    name: 'the role of the server may not log in',
    expected: { code: 'database_login_refused', layer: 'database', subject: `role:${SHOP_ROLE}` },
    touches: [],
    inject: () => alterRole(system, sql`nologin`),
    heal: () => alterRole(system, sql`login`),
  }),
  connectionsFilled: system => {
    const sessions: Connection[] = [];
    return {
      name: 'every connection of PostgreSQL taken',
      expected: { code: 'too_many_connections', layer: 'database', subject: 'database' },
      touches: [],
      inject: () => fillConnections(system.appUrl, system.cluster.superuserUrl, sessions),
      heal: () => Promise.all(sessions.splice(0).map(session => session.close().catch(() => undefined))),
    };
  },
  databaseRenamed: system => ({
    name: 'the database renamed',
    expected: { code: 'database_missing', layer: 'database', subject: `database:${SHOP_DATABASE}` },
    touches: [],
    inject: () => rename(system, SHOP_DATABASE, `${SHOP_DATABASE}_elsewhere`),
    heal: () => rename(system, `${SHOP_DATABASE}_elsewhere`, SHOP_DATABASE),
  }),
  databaseReadOnly: system => ({
    name: 'the database set to read-only',
    expected: { code: 'database_read_only', layer: 'database', subject: 'database' },
    touches: [],
    inject: () => setReadOnly(system, 'on'),
    heal: () => setReadOnly(system, 'off'),
  }),
  tableLocked: (system, pick) => {
    const table = pick(['products', 'customers', 'orders', 'reviews']);
    const sessions: Connection[] = [];
    return {
      name: `the table shop.${table} locked`,
      expected: { code: 'table_locked', layer: 'database', subject: `table:shop.${table}` },
      touches: [`shop.${table}`],
      inject: async () => {
        const holder = await lock(system, sessions, table);
        const waiting = await open(system, sessions);
        // ended with its session
        void waiting.query(sql`select from ${sql.id('shop', table)} limit 1`).catch(() => undefined);
        await eventually(async () => (await longestWait(holder)) >= WAITED_SECONDS);
      },
      heal: () => endHolders(system, sessions),
    };
  },
  tableLockedQuietly: (system, pick) => {
    const table = pick(['products', 'customers', 'orders', 'reviews']);
    const sessions: Connection[] = [];
    return {
      name: `the table shop.${table} locked, and nobody waits`,
      expected: { code: 'table_locked', layer: 'database', subject: `table:shop.${table}` },
      touches: [`shop.${table}`],
      inject: () => lock(system, sessions, table),
      heal: () => endHolders(system, sessions),
    };
  },
  transactionForgotten: system => {
    const sessions: Connection[] = [];
    let blocker = 0;
    return {
      name: 'a session idle in a transaction that has changed the customers',
      expected: {
        code: 'table_locked',
        layer: 'database',
        get subject() {
          return `session:${blocker}`;
        },
      },
      touches: ['shop.customers'],
      inject: async () => {
        const holder = await open(system, sessions);
        await holder.query(sql`begin`);
        await holder.query(sql`update shop.customers set full_name = full_name`);
        blocker = (await holder.one(sql<{ pid: number }>`select pg_backend_pid() as pid`)).pid;
        const waiting = await open(system, sessions);
        // ended with its session
        void waiting.query(sql`update shop.customers set full_name = full_name`).catch(() => undefined);
        await eventually(async () => (await longestWait(holder)) >= WAITED_SECONDS);
      },
      heal: () => endHolders(system, sessions),
    };
  },
} as const satisfies Record<string, ShopInjection>;

async function longestWait(db: Connection): Promise<number> {
  const { seconds } = await db.one(sql<{ seconds: number }>`
    select coalesce(extract(epoch from clock_timestamp() - min(waitstart))::float8, 0) as seconds
    from pg_locks where not granted
  `);
  return seconds;
}
