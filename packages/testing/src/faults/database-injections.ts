import { randomBytes } from 'node:crypto';
import { readFile, rename } from 'node:fs/promises';
import { type Connection, type SqlQuery, sql } from '@holdfast/postgres';
import { eventually } from '../eventually.ts';
import { findFreePort } from '../free-port.ts';
import type { Stack } from '../stack.ts';
import type { FaultInjection } from './fault-injection.ts';
import { fillConnections } from './fill-connections.ts';

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

const ASIDE = '.aside';

/** PostgreSQL was killed, and its data directory is not where it was. */
export const databaseFilesGone: FaultInjection = {
  name: 'PostgreSQL stopped at once and its data directory removed',
  inject: async stack => {
    await stack.stopDatabase('immediate');
    await rename(stack.cluster.dataDir, stack.cluster.dataDir + ASIDE);
  },
  heal: async stack => {
    await rename(stack.cluster.dataDir + ASIDE, stack.cluster.dataDir);
    await databaseStopped.heal(stack);
  },
  expected: { code: 'database_files_gone', layer: 'database', subject: 'database' },
};

/** The postmaster is suspended: established sessions go on, new ones wait for ever. */
export const databaseHung: FaultInjection = {
  name: 'kill -STOP of PostgreSQL',
  inject: async ({ cluster }) => {
    process.kill(cluster.pid, 'SIGSTOP');
    // the signal takes effect a moment later
    await eventually(async () =>
      / T /.test(await readFile(`/proc/${cluster.pid}/stat`, 'utf8').catch(() => ' T ')),
    );
  },
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

/** Some program takes every connection that PostgreSQL has for ordinary roles. */
export function tooManyConnections(): FaultInjection {
  const sessions: Connection[] = [];
  return {
    name: 'every connection of PostgreSQL taken',
    inject: async stack => {
      await letOwnerIn(stack, sql`grant`, sql`to`);
      await fillConnections(stack.cluster.appUrl, stack.cluster.superuserUrl, sessions);
    },
    heal: async stack => {
      await Promise.all(sessions.splice(0).map(session => session.close().catch(() => undefined)));
      await letOwnerIn(stack, sql`revoke`, sql`from`);
      await stack.server.ready();
    },
    expected: { code: 'too_many_connections', layer: 'database', subject: 'database' },
  };
}

/** Whoever looks after a database gets in when it is full, and sees who is there. */
async function letOwnerIn({ asAdministrator }: Stack, verb: SqlQuery, preposition: SqlQuery): Promise<void> {
  await asAdministrator(db =>
    db.query(sql`${verb} pg_use_reserved_connections, pg_read_all_stats ${preposition} holdfast_owner`),
  );
}

/** The role of the API gets no session any more; the ones it had are ended. */
export const connectionLimitReached: FaultInjection = {
  name: 'no connection left for the role of the API',
  inject: stack => changeRole(stack, sql`connection limit 0`),
  heal: async stack => {
    await changeRole(stack, sql`connection limit -1`);
    await stack.server.ready();
  },
  expected: { code: 'connection_limit_reached', layer: 'database', subject: `role:${APP_ROLE}` },
};

/** The password of the role of the API is good no longer. */
export const roleExpired: FaultInjection = {
  name: 'the role of the API expired',
  inject: stack => changeRole(stack, sql`valid until '2020-01-01'`),
  heal: async stack => {
    await changeRole(stack, sql`valid until 'infinity'`);
    await stack.server.ready();
  },
  expected: { code: 'role_expired', layer: 'database', subject: `role:${APP_ROLE}` },
};

/** New sessions of the role of the API look for their tables somewhere else. */
export const searchPathChanged: FaultInjection = {
  name: 'another search path for the role of the API',
  inject: stack => changeRole(stack, sql`set search_path = pg_catalog`),
  heal: async stack => {
    await changeRole(stack, sql`reset search_path`);
    await stack.server.ready();
  },
  expected: { code: 'search_path_changed', layer: 'database', subject: `role:${APP_ROLE}` },
};

async function changeRole(stack: Stack, change: SqlQuery): Promise<void> {
  await stack.asAdministrator(async db => {
    await db.query(sql`alter role ${sql.id(APP_ROLE)} ${change}`);
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
  return addressChanged('a wrong port in DATABASE_URL', async url => {
    url.port = String(await findFreePort());
  });
}

/** The server is restarted with a DATABASE_URL whose host name nobody knows (RFC 6761 section 6.4). */
export function databaseHostUnknown(): FaultInjection {
  return addressChanged('a host name in DATABASE_URL that does not exist', url => {
    url.hostname = 'database.holdfast.invalid';
  });
}

function addressChanged(name: string, change: (url: URL) => void | Promise<void>): FaultInjection {
  let address = '';
  return {
    name,
    inject: async stack => {
      const url = new URL(stack.cluster.appUrl);
      await change(url);
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
