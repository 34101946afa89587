import { defineEntry, type Evidence } from '../../entry.ts';
import { levelAbove, shownEvidence } from '../../judge.ts';
import { percentOf } from '../../quantity.ts';
import {
  type ConnectionLimits,
  readConnectionLimits,
  readSessions,
  type SessionRow,
} from './session-queries.ts';

interface Use {
  readonly of: string;
  readonly used: number;
  readonly maximum: number;
  readonly percent: number;
}

/** 6: how many of the connections are taken, of the server, and of databases and roles that have a limit. */
export const connections = defineEntry({
  number: 6,
  id: 'connections',
  area: 'pool',
  title: 'Connections in use',
  meaning:
    'When the last connection is taken every further one is refused with SQLSTATE 53300, also those of the API; only superusers get in, through the reserved ones.',
  quick: true,
  thresholds: { warnPercent: 75, criticalPercent: 90 },
  check: async ({ db }, { warnPercent, criticalPercent }) => {
    const sessions = await readSessions(db);
    const uses = measureUses(sessions, await readConnectionLimits(db));
    const [tightest] = uses;
    const server = uses.find(({ of }) => of === 'server');
    const percent = tightest?.percent ?? 0;
    const level = levelAbove(percent, warnPercent, criticalPercent);
    return {
      level,
      summary: `${tightest?.used} of ${tightest?.maximum} connections${tightest === server ? '' : ` of ${tightest?.of}`} (${percent} %)`,
      ...(level === 'ok'
        ? {}
        : {
            ...shownEvidence([
              ...uses.filter(use => use.percent >= warnPercent).map(use => ({ ...use })),
              ...groupSessions(sessions),
            ]),
            remedy: [
              '-- end what only holds a place',
              "select pg_terminate_backend(pid) from pg_stat_activity where state like 'idle in transaction%' and state_change < now() - interval '1 minute';",
              '-- then make the pools smaller (HOLDFAST_POOL_MAX times the number of servers), put a pooler in between, or raise max_connections and restart',
            ].join('\n'),
          }),
      metrics: {
        connections_used: server?.used ?? 0,
        connections_maximum: server?.maximum ?? 0,
        connections_used_percent: server?.percent ?? 0,
      },
    };
  },
});

/** The fullest first. */
function measureUses(
  sessions: readonly SessionRow[],
  { serverMaximum, reserved, limits }: ConnectionLimits,
): Use[] {
  const maximum = Math.max(1, serverMaximum - reserved);
  const all: Use = {
    of: 'server',
    used: sessions.length,
    maximum,
    percent: percentOf(sessions.length, maximum),
  };
  const limited = limits.map(({ kind, name, maximum: most }) => {
    const used = sessions.filter(
      session => (kind === 'role' ? session.user : session.database) === name,
    ).length;
    return { of: `${kind} ${name}`, used, maximum: most, percent: percentOf(used, most) };
  });
  return [all, ...limited].sort((a, b) => b.percent - a.percent);
}

/** Who holds them, the most first. */
function groupSessions(sessions: readonly SessionRow[]): Evidence[] {
  const groups = Map.groupBy(sessions, ({ user, database, application, state }) =>
    JSON.stringify([user, database, application, state]),
  );
  return [...groups.values()]
    .sort((a, b) => b.length - a.length)
    .map(group => {
      const { user = null, database = null, application = null, state = null } = group[0] ?? {};
      return { connections: group.length, user, database, application, state };
    });
}
