import { defineEntry } from '../../entry.ts';
import { levelAbove } from '../../judge.ts';
import { round } from '../../quantity.ts';
import { readServerTime } from './connectivity-queries.ts';

const TRIES = 5;

/** 5: how far the server's clock is from this machine's, by the middle of the fastest of five round trips. */
export const clockSkew = defineEntry({
  number: 5,
  id: 'clock-skew',
  area: 'connectivity',
  title: 'Clock of the server against ours',
  meaning:
    'Tokens, locks and expiry compare times of different machines. When clocks differ, tokens are refused early or accepted late, and logs cannot be put in order.',
  quick: true,
  thresholds: { warnSeconds: 2, criticalSeconds: 5 },
  check: async ({ db, clock }, { warnSeconds, criticalSeconds }) => {
    let best = { skewMs: 0, roundTripMs: Number.POSITIVE_INFINITY };
    for (let tried = 0; tried < TRIES; tried += 1) {
      const begin = clock.monotonic();
      const beginAt = clock.now();
      const serverAt = await readServerTime(db);
      const roundTripMs = clock.monotonic() - begin;
      // the server read its clock somewhere within the round trip: the middle is off by half of it at most
      if (roundTripMs < best.roundTripMs)
        best = { skewMs: serverAt - beginAt - roundTripMs / 2, roundTripMs };
    }
    const skew = round(best.skewMs / 1_000, 3);
    const uncertain = best.roundTripMs / 2_000;
    const sure = Math.max(0, Math.abs(skew) - uncertain);
    const level = levelAbove(sure, warnSeconds, criticalSeconds);
    const direction = skew < 0 ? 'behind' : 'ahead of';
    return {
      level,
      summary: `${Math.abs(skew)} s ${direction} ours, give or take ${round(uncertain, 3)} s`,
      ...(level === 'ok'
        ? {}
        : {
            evidence: [{ skewSeconds: skew, uncertainSeconds: round(uncertain, 3) }],
            remedy:
              '-- Find out which of the two is wrong (chronyc tracking, timedatectl on both) and let it follow NTP again.',
          }),
      metrics: { clock_skew_seconds: skew },
    };
  },
});
