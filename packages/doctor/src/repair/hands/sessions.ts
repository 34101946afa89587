import { sql } from '@holdfast/postgres';
import type { EntrySighting, ExaminedEntry } from '../../sightings.ts';
import { type Hand, type HandContext, nameIn } from '../hand.ts';
import type { NoPlan, RepairPlan } from '../repair-plan.ts';
import { quoteText, statement } from '../statement.ts';

/** Ends the sessions at the root of a lock that others of this database wait for, or that keeps everybody out of a table. */
export const endBlockers: Hand = async context => {
  const seen = evidenceOf(context, 'blocked-sessions').filter(({ role }) => role === 'holds');
  const holders = seen.flatMap(({ pid }) => (typeof pid === 'number' ? [pid] : []));
  const db = await context.db();
  const roots = await db.many(sql<{ pid: number }>`
    with waiting as (select pid, pg_catalog.unnest(pg_catalog.pg_blocking_pids(pid)) as by
      from pg_catalog.pg_stat_activity
      where datname = pg_catalog.current_database() and pg_catalog.cardinality(pg_catalog.pg_blocking_pids(pid)) > 0)
    select w.by as pid from waiting w where not exists (select from waiting o where o.pid = w.by)
    union
    select l.pid from pg_catalog.pg_locks l
    where l.pid = any (${holders}::int4[]) and l.granted and l.locktype = 'relation' and l.mode = 'AccessExclusiveLock'
      and l.pid not in (select pid from waiting)
      and l.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())`);
  const pids = roots.map(({ pid }) => pid);
  if (pids.includes(0))
    return { cannot: 'a prepared transaction holds the lock; it has no session that could be ended' };
  return endSessions(context, pids, 'which keeps others out');
};

/** Ends the sessions of a role that have left their transaction open. */
export const endIdle: Hand = async (context, { subject }) => {
  const rows = evidenceOf(context, 'idle-in-transaction').filter(({ user }) => user === nameIn(subject));
  const pids = rows.flatMap(({ pid }) => (typeof pid === 'number' ? [pid] : []));
  return endSessions(context, pids, 'whose transaction was left open');
};

/** Ends every session of a role that has left its transaction open and does nothing, as long as the codebook waits for. */
export const endForgotten: Hand = async (context, { subject }) => {
  const role = nameIn(subject);
  const db = await context.db();
  const forgotten = `usename = ${quoteText(role)} and state like 'idle in transaction%' and state_change < pg_catalog.clock_timestamp() - interval '2 seconds'`;
  const { total, mine } = await db.one(sql<{ total: number; mine: number }>`
    select count(*)::int4 as total, (count(*) filter (where ${MAY_END}))::int4 as mine
    from pg_catalog.pg_stat_activity where ${statement(forgotten)}`);
  const ending = `select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity where ${forgotten}`;
  if (total === 0) return { cannot: `no session of ${role} has a transaction open and does nothing` };
  if (mine < total) return { cannot: `this role may not end sessions of others; as a superuser: ${ending};` };
  return {
    risk: 'confirm',
    effect: 'none',
    touches: [],
    undo: 'None: their transactions are rolled back, and whoever began them can begin again.',
    steps: [
      {
        what: `End the ${total} sessions of ${role} that have left their transactions open`,
        command: `${ending};`,
        action: { kind: 'transaction', as: 'administrator', statements: [ending], undo: null },
      },
    ],
  };
};

/** Whether this role may end a session of `pg_stat_activity` (PostgreSQL: pg_terminate_backend). */
export const MAY_END = sql<{ may: boolean }>`(
  (select me.rolsuper from pg_catalog.pg_roles me where me.rolname = current_user)
  or pg_catalog.pg_has_role(usesysid, 'USAGE')
  or (pg_catalog.pg_has_role('pg_signal_backend', 'USAGE')
    and not (select other.rolsuper from pg_catalog.pg_roles other where other.oid = usesysid))
)`;

interface Session {
  readonly pid: number;
  readonly user: string | null;
  readonly application: string;
  readonly begun: string;
  readonly may: boolean;
}

/** By process and start: another session may have got the number since. */
async function endSessions(
  context: HandContext,
  pids: readonly number[],
  which: string,
): Promise<RepairPlan | NoPlan> {
  const db = await context.db();
  const sessions = await db.many(sql<Session>`
    select pid, usename::text as "user", application_name as application, backend_start::text as begun,
      ${MAY_END} as may
    from pg_catalog.pg_stat_activity
    where pid = any (${pids}::int4[]) and backend_type = 'client backend' and pid <> pg_catalog.pg_backend_pid()`);
  if (sessions.length === 0) return { cannot: 'the session is gone' };
  const forbidden = sessions.filter(({ may }) => !may);
  if (forbidden.length > 0)
    return {
      cannot: `this role may not end sessions of others; as a superuser: ${forbidden.map(({ pid }) => `select pg_terminate_backend(${pid});`).join(' ')}`,
    };
  return {
    risk: 'confirm',
    effect: 'none',
    touches: [],
    undo: 'None: its transaction is rolled back, and whoever began it can begin again.',
    steps: sessions.map(({ pid, user, application, begun }) => ({
      what: `End the session ${pid} of ${user ?? 'nobody'}${application === '' ? '' : ` (${application})`}, ${which}`,
      command: `select pg_terminate_backend(${pid});`,
      action: {
        kind: 'transaction',
        as: 'administrator',
        statements: [
          `select pg_catalog.pg_terminate_backend(pid, 5000) from pg_catalog.pg_stat_activity where pid = ${pid} and backend_start = ${quoteText(begun)}::timestamptz`,
        ],
        undo: null,
      },
    })),
  };
}

/** Rolls prepared transactions back that nobody has finished. What they had done is lost. */
export const rollBackPrepared: Hand = async context => {
  const rows = evidenceOf(context, 'prepared-transactions');
  const db = await context.db();
  const known = await db.many(sql<{ gid: string }>`
    select gid from pg_catalog.pg_prepared_xacts where database = pg_catalog.current_database() order by prepared`);
  const named = rows.map(({ gid }) => gid);
  const gids = known.map(({ gid }) => gid).filter(gid => named.length === 0 || named.includes(gid));
  if (gids.length === 0) return { cannot: 'no prepared transaction of this database was found' };
  return {
    risk: 'destructive',
    effect: 'none',
    touches: [],
    undo: 'None: what the transaction had done is lost. If it should be kept, commit prepared instead.',
    steps: gids.map(gid => ({
      what: `Roll back the prepared transaction ${gid}`,
      command: `rollback prepared ${quoteText(gid)};`,
      action: {
        kind: 'alone',
        as: 'administrator',
        statements: [`rollback prepared ${quoteText(gid)}`],
        undo: [],
      },
    })),
  };
};

function evidenceOf({ diagnosis }: HandContext, entry: ExaminedEntry): EntrySighting['evidence'] {
  const seen = diagnosis.observations.find(({ id }) => id === `health.${entry}`);
  if (seen === undefined || !('saw' in seen)) return [];
  return (seen.saw as unknown as EntrySighting).evidence;
}
