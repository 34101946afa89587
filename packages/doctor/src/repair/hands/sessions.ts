import { connect, type Queryable, sql } from '@holdfast/postgres';
import type { EntrySighting, ExaminedEntry } from '../../sightings.ts';
import { addressesOf } from '../addresses.ts';
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
  const forgotten = `usename = ${quoteText(role)} and state like 'idle in transaction%' and state_change < pg_catalog.clock_timestamp() - interval '2 seconds'`;
  const ending = `select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity where ${forgotten}`;
  const count = (db: Queryable): Promise<Counted> =>
    db.one(sql<Counted>`
      select current_user::text as by,
        (count(*) filter (where ${statement(forgotten)}))::int4 as total,
        (count(*) filter (where ${statement(forgotten)} and ${MAY_END}))::int4 as mine,
        (count(*) filter (where usename = ${role} and query = '<insufficient privilege>'))::int4 as hidden
      from pg_catalog.pg_stat_activity`);
  const seen = await count(await context.db());
  const mayAll = ({ total, mine, hidden }: Counted): boolean => total > 0 && mine === total && hidden === 0;
  const own = mayAll(seen) ? undefined : await asApp(context, count);
  if (seen.total + seen.hidden === 0)
    return { cannot: `no session of ${role} has a transaction open and does nothing` };
  const as = mayAll(seen) ? 'administrator' : own !== undefined && mayAll(own) ? 'app' : undefined;
  if (as === undefined)
    return {
      cannot: `the role ${seen.by} may not see or end sessions of ${role}; ${whoMay([role])}: ${ending};`,
    };
  const total = as === 'app' ? own?.total : seen.total;
  return {
    risk: 'confirm',
    effect: 'none',
    touches: [],
    undo: 'None: their transactions are rolled back, and whoever began them can begin again.',
    steps: [
      {
        what: `End the ${total} sessions of ${role} that have left their transactions open`,
        command: `${ending};`,
        action: { kind: 'transaction', as, statements: [ending], undo: null },
      },
    ],
  };
};

interface Counted {
  readonly by: string;
  readonly total: number;
  readonly mine: number;
  /** Of the role, of which is not seen what they do. */
  readonly hidden: number;
}

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
  /** Null where this role may not see it. */
  readonly begun: string | null;
  readonly may: boolean;
  readonly by: string;
}

/** Who ends a session, which is seen as that role. */
interface Ending extends Session {
  readonly as: 'administrator' | 'app';
  readonly begun: string;
}

/** By process and start: another session may have got the number since. */
async function endSessions(
  context: HandContext,
  pids: readonly number[],
  which: string,
): Promise<RepairPlan | NoPlan> {
  const sessions = await listSessions(await context.db(), pids);
  if (sessions.length === 0) return { cannot: 'the session is gone' };
  const mine = endingsOf(sessions, 'administrator');
  const others = sessions.filter(({ pid }) => !mine.some(ending => ending.pid === pid));
  const asked = others.map(({ pid }) => pid);
  const seen = others.length === 0 ? [] : ((await asApp(context, db => listSessions(db, asked))) ?? []);
  const ofApp = endingsOf(seen, 'app');
  const forbidden = others.filter(({ pid }) => !ofApp.some(ending => ending.pid === pid));
  if (forbidden.length > 0) return { cannot: forbiddenClause(forbidden) };
  return {
    risk: 'confirm',
    effect: 'none',
    touches: [],
    undo: 'None: its transaction is rolled back, and whoever began it can begin again.',
    steps: [...mine, ...ofApp].map(({ pid, user, application, begun, as }) => ({
      what: `End the session ${pid} of ${user ?? 'nobody'}${application === '' ? '' : ` (${application})`}, ${which}`,
      command: `select pg_terminate_backend(${pid});`,
      action: {
        kind: 'transaction',
        as,
        statements: [
          `select pg_catalog.pg_terminate_backend(pid, 5000) from pg_catalog.pg_stat_activity where pid = ${pid} and backend_start = ${quoteText(begun)}::timestamptz`,
        ],
        undo: null,
      },
    })),
  };
}

/** Those of clients. Of what a role may not see, PostgreSQL tells the process and the user, and hides the kind. */
function listSessions(db: Queryable, pids: readonly number[]): Promise<Session[]> {
  return db.many(sql<Session>`
    select pid, usename::text as "user", coalesce(application_name, '') as application, backend_start::text as begun,
      ${MAY_END} as may, current_user::text as by
    from pg_catalog.pg_stat_activity
    where pid = any (${pids}::int4[]) and pid <> pg_catalog.pg_backend_pid()
      and (backend_type = 'client backend' or (backend_type is null and usesysid is not null and datid is not null))`);
}

function endingsOf(sessions: readonly Session[], as: Ending['as']): Ending[] {
  return sessions.flatMap(session =>
    session.may && session.begun !== null ? [{ ...session, begun: session.begun, as }] : [],
  );
}

function forbiddenClause(sessions: readonly Session[]): string {
  const users = [...new Set(sessions.map(({ user }) => user ?? 'nobody'))];
  const endings = sessions.map(({ pid }) => `select pg_terminate_backend(${pid});`).join(' ');
  return `the role ${sessions[0]?.by} may not see or end sessions of ${users.join(', ')}; ${whoMay(users)}: ${endings}`;
}

function whoMay(users: readonly string[]): string {
  return `as ${users.join(' and ')} or a superuser`;
}

/** What the role of the API sees, which may end the sessions of its own; undefined where it is nobody else, or gets no session. */
async function asApp<T>(
  { target }: HandContext,
  look: (db: Queryable) => Promise<T>,
): Promise<T | undefined> {
  const { app, administrator } = await addressesOf(target);
  if (app === undefined || app === administrator) return undefined;
  const session = await connect({
    url: app,
    applicationName: 'holdfast-repair plan',
    statementTimeoutMs: 5_000,
  }).catch(() => undefined);
  try {
    return session === undefined ? undefined : await look(session);
  } catch {
    return undefined;
  } finally {
    await session?.close();
  }
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
