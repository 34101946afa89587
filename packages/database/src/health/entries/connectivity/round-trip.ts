import { defineEntry } from '../../entry.ts';
import { round } from '../../quantity.ts';
import { ping } from './connectivity-queries.ts';

const TRIES = 5;

/** 1: how long the smallest statement takes there and back. */
export const roundTrip = defineEntry({
  number: 1,
  id: 'round-trip',
  area: 'connectivity',
  title: 'Round trip to the server',
  meaning:
    'Every request needs several round trips, so a slow one makes everything slow: the network, a pooler in between, or a server without a processor to spare. Unreachable, nothing works at all.',
  quick: true,
  thresholds: { warnMs: 500, criticalMs: 5_000 },
  check: async ({ db, clock }, { warnMs, criticalMs }) => {
    const times: number[] = [];
    for (let tried = 0; tried < TRIES; tried += 1) {
      const begin = clock.monotonic();
      await ping(db);
      times.push(clock.monotonic() - begin);
    }
    const ms = round(times.toSorted((a, b) => a - b)[Math.floor(TRIES / 2)] ?? 0, 2);
    const slow = ms > warnMs;
    return {
      level: ms > criticalMs ? 'critical' : slow ? 'warn' : 'ok',
      summary: `${ms} ms, the middle one of ${TRIES}`,
      ...(slow
        ? {
            evidence: times.map((time, index) => ({ try: index + 1, ms: round(time, 1) })),
            remedy:
              '-- Compare with ping to the host: if that is slow, too, it is the network. If not, look at the load of the server and at poolers in between.',
          }
        : {}),
      metrics: { round_trip_seconds: ms / 1_000 },
    };
  },
});
