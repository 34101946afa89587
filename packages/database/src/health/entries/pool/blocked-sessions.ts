import { defineEntry, type Evidence } from '../../entry.ts';
import { levelAbove, queryText, remedyFor, shownEvidence, worstLevel } from '../../judge.ts';
import { countText, round, secondsText } from '../../quantity.ts';
import { type BlockingChain, findChains } from './blocking-chains.ts';
import { type LockoutRow, readLockouts, readWaiting } from './blocking-queries.ts';
import { readSessions, type SessionRow } from './session-queries.ts';

/** 11: who waits for locks, who is at the root of it, and who keeps everybody out of a table. */
export const blockedSessions = defineEntry({
  number: 11,
  id: 'blocked-sessions',
  area: 'pool',
  title: 'Sessions blocked by others',
  meaning:
    'Sessions wait for a lock that another one holds. Everything that needs the same rows or tables queues up behind, and soon the pool is empty. A table that is locked whole keeps out even those who give up before they are seen to wait.',
  quick: true,
  thresholds: { warnSeconds: 60, criticalSeconds: 120 },
  check: async ({ db }, { warnSeconds, criticalSeconds }) => {
    const chains = findChains(await readWaiting(db));
    const lockouts = await readLockouts(db);
    const waiting = new Set(chains.flatMap(chain => chain.waiting.map(({ pid }) => pid))).size;
    const longest = chains[0]?.longestSeconds ?? 0;
    const held = lockouts[0]?.seconds ?? 0;
    const waits = levelAbove(longest, warnSeconds, criticalSeconds);
    const level = worstLevel([waits, levelAbove(held, warnSeconds, criticalSeconds)]);
    const metrics = { blocked_sessions: waiting, longest_lock_wait_seconds: round(longest, 1) };
    const sessions = new Map((await readSessions(db)).map(session => [session.pid, session]));
    const long = chains.filter(({ longestSeconds }) => longestSeconds >= warnSeconds);
    const evidence = shownEvidence([
      ...long.flatMap(chain => chainEvidence(chain, sessions)),
      ...lockouts.map(lockout => lockoutEvidence(lockout, chains, sessions)),
    ]);
    const [first] = chains;
    const wait = `${countText(waiting, 'session')} wait${waiting === 1 ? 's' : ''}, the longest for ${secondsText(longest)}`;
    if (level === 'ok')
      return { level, summary: first === undefined ? 'nobody waits for a lock' : wait, metrics, ...evidence };
    const roots = [...long.map(({ root }) => root), ...lockouts.map(({ pid }) => pid)];
    return {
      level,
      summary:
        waits === 'ok' || first === undefined
          ? lockoutText(lockouts, sessions)
          : `${wait}; at the root ${rootText(first.root, sessions)}`,
      ...evidence,
      remedy: remedyFor([...new Set(roots)], root => remedyOf(root, sessions.get(root))),
      metrics,
    };
  },
});

type Sessions = ReadonlyMap<number, SessionRow>;

function rootText(root: number, sessions: Sessions): string {
  if (root === 0) return 'a prepared transaction';
  const session = sessions.get(root);
  const state = session?.state == null ? '' : `, ${session.state}`;
  return `pid ${root}${state}: ${queryText(session?.query ?? null)?.slice(0, 80) ?? 'query not visible'}`;
}

function lockoutText([worst]: readonly LockoutRow[], sessions: Sessions): string {
  if (worst === undefined) return 'no table is locked whole';
  const open = worst.seconds === null ? '' : `, its transaction open for ${secondsText(worst.seconds)}`;
  return `everybody is kept out of ${tableText(worst.targets)} by ${rootText(worst.pid, sessions)}${open}`;
}

function tableText([first = '', ...others]: readonly string[]): string {
  const name = first.replace('relation ', '');
  return others.length === 0 ? name : `${name} and ${countText(others.length, 'more table')}`;
}

/** One line for a session that keeps everybody out of tables: of these one that somebody waits for, if anybody does. */
function lockoutEvidence(
  { pid, seconds, targets }: LockoutRow,
  chains: readonly BlockingChain[],
  sessions: Sessions,
): Evidence {
  const waitedFor = new Set(chains.flatMap(chain => chain.waiting.map(({ target }) => target)));
  const target = targets.find(one => waitedFor.has(one)) ?? targets[0] ?? null;
  const { user = null, application = null, state = null, query = null } = sessions.get(pid) ?? {};
  return {
    ...{ role: 'holds', tables: targets.length, seconds: seconds === null ? null : round(seconds, 1) },
    ...{ target, mode: 'AccessExclusiveLock', pid, user, application, state, query: queryText(query) },
  };
}

/** One line for the root, then one for each session behind it. */
function chainEvidence({ root, waiting, longestSeconds }: BlockingChain, sessions: Sessions): Evidence[] {
  const line = (pid: number): Evidence => {
    const { user = null, application = null, state = null, query = null } = sessions.get(pid) ?? {};
    return { pid, user, application, state, query: queryText(query) };
  };
  return [
    { role: 'root', blocks: waiting.length, seconds: round(longestSeconds, 1), ...line(root) },
    ...waiting.map(({ pid, seconds, target, mode, blockers }) => ({
      role: 'waits',
      blockedBy: blockers.join(', '),
      seconds: round(seconds, 1),
      target,
      mode,
      ...line(pid),
    })),
  ];
}

function remedyOf(root: number, session: SessionRow | undefined): string {
  if (root === 0) {
    return "select gid, prepared, owner, database from pg_prepared_xacts order by prepared;\n-- then: rollback prepared '<gid>'; (or commit prepared)";
  }
  return session?.state === 'active'
    ? `-- end its statement; if the session stays, the session\nselect pg_cancel_backend(${root});\nselect pg_terminate_backend(${root});`
    : `-- it holds the locks until its transaction ends\nselect pg_terminate_backend(${root});`;
}
