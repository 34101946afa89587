import { type Connection, connect, sql } from '@holdfast/postgres';
import { eventually } from '../eventually.ts';
import type { Stack } from '../stack.ts';
import type { FaultInjection } from './fault-injection.ts';

const WAITED_SECONDS = 3;

/** A session locks a table and goes to sleep over it; another one has waited for it a while. */
export function tableLocked(table: string): FaultInjection {
  return lockedBy(`the table ${table} locked`, table, async (stack, sessions) => {
    const holder = await lock(stack, sessions, table);
    const waiting = await open(stack, sessions);
    // ended with its session
    void waiting.query(sql`select from ${sql.id(table)} limit 1`).catch(() => undefined);
    await eventually(async () => (await longestWait(holder)) >= WAITED_SECONDS);
  });
}

/** The same while nobody is seen to wait: clients give up after a moment. */
export function tableLockedQuietly(table: string): FaultInjection {
  return lockedBy(`the table ${table} locked, and nobody waits`, table, async (stack, sessions) => {
    await lock(stack, sessions, table);
  });
}

function lockedBy(
  name: string,
  table: string,
  inject: (stack: Stack, sessions: Connection[]) => Promise<void>,
): FaultInjection {
  const sessions: Connection[] = [];
  return {
    name,
    inject: stack => inject(stack, sessions),
    heal: async stack => {
      await stack.asAdministrator(db =>
        db.query(
          sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = ${APPLICATION}`,
        ),
      );
      await Promise.all(sessions.splice(0).map(session => session.close().catch(() => undefined)));
      await stack.server.ready();
    },
    expected: { code: 'table_locked', layer: 'database', subject: `table:${table}` },
  };
}

async function lock(stack: Stack, sessions: Connection[], table: string): Promise<Connection> {
  const holder = await open(stack, sessions);
  await holder.query(sql`begin`);
  await holder.query(sql`lock table ${sql.id(table)} in access exclusive mode`);
  return holder;
}

const APPLICATION = 'holdfast-test-lock';

async function open(stack: Stack, sessions: Connection[]): Promise<Connection> {
  const url = new URL(stack.cluster.superuserUrl);
  url.pathname = new URL(stack.cluster.appUrl).pathname;
  const session = await connect({ url: url.href, applicationName: APPLICATION });
  sessions.push(session);
  return session;
}

async function longestWait(db: Connection): Promise<number> {
  const { seconds } = await db.one(sql<{ seconds: number }>`
    select coalesce(extract(epoch from clock_timestamp() - min(waitstart))::float8, 0) as seconds
    from pg_locks where not granted
  `);
  return seconds;
}
