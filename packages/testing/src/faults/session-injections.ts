import { type Connection, connect, type SqlQuery, sql, sqlState } from '@holdfast/postgres';
import { eventually } from '../eventually.ts';
import type { Stack } from '../stack.ts';
import type { FaultInjection } from './fault-injection.ts';

const APP_ROLE = 'holdfast_app';
const OWNER_ROLE = 'holdfast_owner';

/** PostgreSQL was asked to stop when everybody has left (a smart shutdown), and not everybody leaves. */
export const databaseNotAccepting: FaultInjection = {
  name: 'a smart shutdown of PostgreSQL that waits for its sessions',
  inject: async ({ cluster }) => {
    process.kill(cluster.pid, 'SIGTERM');
    await eventually(() => isRefused(cluster.appUrl, CANNOT_CONNECT_NOW));
  },
  heal: async stack => {
    await stack.stopDatabase('fast');
    await stack.startDatabase();
    await stack.server.ready();
  },
  expected: { code: 'database_not_accepting', layer: 'database', subject: 'database' },
};

const CANNOT_CONNECT_NOW = '57P03';
const TOO_MANY_CONNECTIONS = '53300';

async function isRefused(url: string, state: string): Promise<boolean> {
  try {
    await (await connect({ url })).close();
    return false;
  } catch (error) {
    return sqlState(error) === state;
  }
}

/** The role of the API may not log in any more. */
export const databaseLoginRefused: FaultInjection = {
  name: 'the role of the API set to nologin',
  inject: stack => changeRole(stack, sql`nologin`),
  heal: async stack => {
    await changeRole(stack, sql`login`);
    await stack.server.ready();
  },
  expected: { code: 'database_login_refused', layer: 'database', subject: `role:${APP_ROLE}` },
};

async function changeRole({ asAdministrator }: Stack, change: SqlQuery): Promise<void> {
  await asAdministrator(async db => {
    await db.query(sql`alter role ${sql.id(APP_ROLE)} ${change}`);
    await db.query(sql`select pg_terminate_backend(pid) from pg_stat_activity where usename = ${APP_ROLE}`);
  });
}

/** As in the statement below: more than the API needs, which would else run into it when all is well again. */
const CONNECTION_LIMIT = 24;
const IDLE_SECONDS = 4;

/**
 * A program of the same role begins transactions and forgets them, until the role has no connection left. Nothing works,
 * and PostgreSQL has nothing to do.
 */
export function connectionsLeftInTransactions(): FaultInjection {
  const sessions: Connection[] = [];
  return {
    name: 'every connection of the role of the API idle in a transaction',
    inject: async stack => {
      await stack.asAdministrator(async db => {
        // what sessions do is seen by few
        await db.query(sql`grant pg_read_all_stats to ${sql.id(OWNER_ROLE)}`);
        await db.query(sql`alter role ${sql.id(APP_ROLE)} connection limit 24`);
        await eventually(async () => {
          await db.query(sql`
            select pg_terminate_backend(pid) from pg_stat_activity
            where usename = ${APP_ROLE} and application_name <> ${APPLICATION}
          `);
          await openAll(stack, sessions);
          return sessions.length === CONNECTION_LIMIT;
        });
        await eventually(async () => (await shortestIdleness(db)) >= IDLE_SECONDS);
      });
    },
    heal: async stack => {
      await Promise.all(sessions.splice(0).map(session => session.close().catch(() => undefined)));
      await stack.asAdministrator(async db => {
        await db.query(sql`alter role ${sql.id(APP_ROLE)} connection limit -1`);
        await db.query(sql`revoke pg_read_all_stats from ${sql.id(OWNER_ROLE)}`);
      });
      await stack.server.ready();
    },
    expected: {
      code: 'connections_left_in_transactions',
      layer: 'database',
      subject: `role:${APP_ROLE}`,
    },
  };
}

const APPLICATION = 'holdfast-test-forgetful';

/** As many sessions as the role is still allowed, each with a transaction that was begun. */
async function openAll({ cluster }: Stack, sessions: Connection[]): Promise<void> {
  while (sessions.length < CONNECTION_LIMIT) {
    try {
      const session = await connect({ url: cluster.appUrl, applicationName: APPLICATION });
      sessions.push(session);
      await session.query(sql`begin`);
      await session.query(sql`select from users limit 1`);
    } catch (error) {
      if (sqlState(error) !== TOO_MANY_CONNECTIONS) throw error;
      return;
    }
  }
}

async function shortestIdleness(db: Connection): Promise<number> {
  const { seconds } = await db.one(sql<{ seconds: number }>`
    select coalesce(extract(epoch from clock_timestamp() - max(state_change))::float8, 0) as seconds
    from pg_stat_activity where application_name = ${APPLICATION}
  `);
  return seconds;
}
