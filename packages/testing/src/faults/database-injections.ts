import { randomBytes } from 'node:crypto';
import { type SqlQuery, sql } from '@holdfast/postgres';
import { findFreePort } from '../free-port.ts';
import type { Stack } from '../stack.ts';
import type { FaultInjection } from './fault-injection.ts';

const APP_ROLE = 'holdfast_app';
const DATABASE = 'holdfast';

/** PostgreSQL is gone, without having been able to say goodbye to its clients. */
export const databaseStopped: FaultInjection = {
  name: 'PostgreSQL stopped at once',
  inject: stack => stack.stopDatabase('immediate'),
  heal: async stack => {
    await stack.startDatabase();
    await stack.server.ready();
  },
  expected: { code: 'database_stopped', layer: 'database', subject: 'database' },
};

/** The postmaster is suspended: established sessions go on, new ones wait for ever. */
export const databaseHung: FaultInjection = {
  name: 'kill -STOP of PostgreSQL',
  inject: async ({ cluster }) => void process.kill(cluster.pid, 'SIGSTOP'),
  heal: async stack => {
    process.kill(stack.cluster.pid, 'SIGCONT');
    await stack.server.ready();
  },
  expected: { code: 'database_hung', layer: 'database', subject: 'database' },
};

/** Somebody gives the role of the API another password, and its sessions end. */
export const wrongDatabasePassword: FaultInjection = {
  name: 'another password for the role of the API',
  inject: stack => setAppPassword(stack, randomBytes(12).toString('hex')),
  heal: async stack => {
    await setAppPassword(stack, new URL(stack.cluster.appUrl).password);
    await stack.server.ready();
  },
  expected: { code: 'wrong_database_password', layer: 'database', subject: `role:${APP_ROLE}` },
};

async function setAppPassword(stack: Stack, password: string): Promise<void> {
  await stack.asAdministrator(async db => {
    await db.query(sql`alter role ${sql.id(APP_ROLE)} password ${sql.literal(password)}`);
    await db.query(sql`select pg_terminate_backend(pid) from pg_stat_activity where usename = ${APP_ROLE}`);
  });
}

/** The role of the API gets no session any more; the ones it had are ended. */
export const tooManyConnections: FaultInjection = {
  name: 'no connection left for the role of the API',
  inject: stack => limitConnections(stack, sql`connection limit 0`),
  heal: async stack => {
    await limitConnections(stack, sql`connection limit -1`);
    await stack.server.ready();
  },
  expected: { code: 'too_many_connections', layer: 'database', subject: 'database' },
};

async function limitConnections(stack: Stack, limit: SqlQuery): Promise<void> {
  await stack.asAdministrator(async db => {
    await db.query(sql`alter role ${sql.id(APP_ROLE)} ${limit}`);
    await db.query(sql`select pg_terminate_backend(pid) from pg_stat_activity where usename = ${APP_ROLE}`);
  });
}

/** The database is renamed away. */
export const databaseMissing: FaultInjection = {
  name: 'the database renamed',
  inject: stack => renameDatabase(stack, DATABASE, `${DATABASE}_elsewhere`),
  heal: async stack => {
    await renameDatabase(stack, `${DATABASE}_elsewhere`, DATABASE);
    await stack.server.ready();
  },
  expected: { code: 'database_missing', layer: 'database', subject: `database:${DATABASE}` },
};

async function renameDatabase(stack: Stack, from: string, to: string): Promise<void> {
  await stack.asAdministrator(async db => {
    await db.query(sql`alter database ${sql.id(from)} with allow_connections false`);
    await db.query(sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${from}`);
    await db.query(sql`alter database ${sql.id(from)} rename to ${sql.id(to)}`);
    await db.query(sql`alter database ${sql.id(to)} with allow_connections true`);
  });
}

/** Every new session of the database begins read-only. */
export const databaseReadOnly: FaultInjection = {
  name: 'the database set to read-only',
  inject: stack => setReadOnly(stack, 'on'),
  heal: async stack => {
    await setReadOnly(stack, 'off');
    await stack.server.ready();
  },
  expected: { code: 'database_read_only', layer: 'database', subject: 'database' },
};

async function setReadOnly(stack: Stack, value: 'on' | 'off'): Promise<void> {
  await stack.asAdministrator(async db => {
    const set = sql`alter database ${sql.id(DATABASE)} set default_transaction_read_only = ${sql.literal(value)}`;
    await db.query(set);
    await db.query(sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${DATABASE}`);
  });
}

/** The server is restarted with a DATABASE_URL whose port nobody listens on. */
export function databaseAddressWrong(): FaultInjection {
  let address = '';
  return {
    name: 'a wrong port in DATABASE_URL',
    inject: async stack => {
      const url = new URL(stack.cluster.appUrl);
      url.port = String(await findFreePort());
      address = url.host;
      await stack.setVariable('DATABASE_URL', url.href);
      await stack.server.stop();
      await stack.server.start({ ready: false });
    },
    heal: async stack => {
      await stack.setVariable('DATABASE_URL', stack.cluster.appUrl);
      await stack.server.stop();
      await stack.server.start();
    },
    expected: {
      code: 'database_unreachable',
      layer: 'config',
      get subject() {
        return `host:${address}`;
      },
    },
  };
}
