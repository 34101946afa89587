import { defineEntry } from '../../entry.ts';
import { levelAbove } from '../../judge.ts';

/** 7: whether requests of the API wait for a database connection. */
export const appPool = defineEntry({
  number: 7,
  id: 'app-pool',
  area: 'pool',
  title: 'Requests waiting for a connection of the API pool',
  meaning:
    'Every connection of the API is busy and requests queue. When the queue is full they are answered 503 at once.',
  quick: true,
  thresholds: { warnWaiting: 1, criticalWaiting: 50 },
  check: async ({ pool }, { warnWaiting, criticalWaiting }) => {
    if (pool === undefined) {
      const why = 'no API server told about its pool: give its address with --api-url, or look while it runs';
      return { level: 'skipped', why };
    }
    const { max, size, checkedIn, checkedOut, waiting } = pool;
    const level = levelAbove(waiting, warnWaiting, criticalWaiting);
    return {
      level,
      summary: `${checkedOut} of ${max} in use, ${waiting} waiting`,
      ...(level === 'ok'
        ? {}
        : {
            evidence: [{ max, size, checkedIn, checkedOut, waiting }],
            remedy:
              '-- Find what keeps them: blocked-sessions, long-query and idle-in-transaction of this report. When the database has room to spare, raise HOLDFAST_POOL_MAX.',
          }),
      metrics: { pool_connections_in_use: checkedOut, pool_waiting: waiting },
    };
  },
});
