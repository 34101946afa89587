import { defineEntry, type Evidence } from '../../entry.ts';
import { levelAbove, queryText, shownEvidence } from '../../judge.ts';
import { countText, round, secondsText } from '../../quantity.ts';
import { type BlockingChain, findChains } from './blocking-chains.ts';
import { readWaiting } from './blocking-queries.ts';
import { readSessions, type SessionRow } from './session-queries.ts';

/** 11: who waits for locks, and who is at the root of it. */
export const blockedSessions = defineEntry({
  number: 11,
  id: 'blocked-sessions',
  area: 'pool',
  title: 'Sessions blocked by others',
  meaning:
    'Sessions wait for a lock that another one holds. Everything that needs the same rows or tables queues up behind, and soon the pool is empty.',
  quick: true,
  thresholds: { warnSeconds: 60, criticalSeconds: 120 },
  check: async ({ db }, { warnSeconds, criticalSeconds }) => {
    const chains = findChains(await readWaiting(db));
    const waiting = new Set(chains.flatMap(chain => chain.waiting.map(({ pid }) => pid))).size;
    const longest = chains[0]?.longestSeconds ?? 0;
    const level = levelAbove(longest, warnSeconds, criticalSeconds);
    const metrics = { blocked_sessions: waiting, longest_lock_wait_seconds: round(longest, 1) };
    const [first] = chains;
    if (first === undefined) return { level: 'ok', summary: 'nobody waits for a lock', metrics };
    const wait = `${countText(waiting, 'session')} wait${waiting === 1 ? 's' : ''}, the longest for ${secondsText(longest)}`;
    if (level === 'ok') return { level, summary: wait, metrics };
    const sessions = new Map((await readSessions(db)).map(session => [session.pid, session]));
    return {
      level,
      summary: `${wait}; at the root ${rootText(first.root, sessions)}`,
      ...shownEvidence(chains.flatMap(chain => chainEvidence(chain, sessions))),
      remedy: remedyFor(first.root, sessions.get(first.root)),
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

function remedyFor(root: number, session: SessionRow | undefined): string {
  if (root === 0) {
    return "select gid, prepared, owner, database from pg_prepared_xacts order by prepared;   then: rollback prepared '<gid>';   (or commit prepared)";
  }
  return session?.state === 'active'
    ? `select pg_cancel_backend(${root});   ends its statement; if it stays: select pg_terminate_backend(${root});`
    : `select pg_terminate_backend(${root});   It holds the locks until its transaction ends.`;
}
