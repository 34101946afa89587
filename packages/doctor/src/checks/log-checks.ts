import type { Check } from '../engine/index.ts';
import { checkOf, count, degraded, pass } from './judge.ts';

/** Of clients there must be more: the doctor is one, and not everybody who asks for nonsense is a user. */
const LEAST = { user: 5, client: 20 } as const;

/**
 * What the logs tell. They speak of what was, so an incident that goes on is something degraded and never evidence: what
 * can be looked at directly decides. Several people must be affected, or the doctor would count its own requests.
 */
export const LOG_CHECKS: readonly Check[] = [
  checkOf({
    id: 'logs.incidents',
    layer: 'api',
    title: 'The logs of the last hour tell of no incident that goes on',
    from: 'logs.incidents',
    judge: ({ requests, incidents }) => {
      const open = incidents.filter(
        ({ state, affected, affectedBy }) => state === 'open' && affected >= LEAST[affectedBy],
      );
      if (open.length === 0) return pass(`${count(requests, 'request')} without an incident that goes on`);
      return degraded(
        open
          .map(
            ({ title, onset, affected, affectedBy }) =>
              `${title} since ${onset}, ${count(affected, affectedBy)} affected`,
          )
          .join('; '),
      );
    },
  }),
];
