import { defineEntry } from '../../entry.ts';
import { judgeSessions } from './sessions.ts';

/** 10: the statement that runs the longest. */
export const longQuery = defineEntry({
  number: 10,
  id: 'long-query',
  area: 'pool',
  title: 'Longest running query',
  meaning:
    'A statement runs much longer than a request may take: it waits for a lock, its plan is bad, or it does work that belongs elsewhere.',
  quick: true,
  thresholds: { warnSeconds: 60, criticalSeconds: 600 },
  check: (context, limits) =>
    judgeSessions(context, {
      seconds: ({ state, querySeconds, vacuums }) => (state === 'active' && !vacuums ? querySeconds : null),
      what: 'in a long query',
      metric: 'longest_query_seconds',
      remedy: ({ pid, waitsFor }) =>
        waitsFor?.startsWith('Lock:') === true
          ? `-- it waits for a lock, and blocked-sessions says who holds that; to give it up\nselect pg_cancel_backend(${pid});`
          : `select pg_cancel_backend(${pid});\n-- look at its plan with explain (analyze, buffers); a limit for a role: alter role … set statement_timeout = '60s'`,
      limits,
    }),
});
