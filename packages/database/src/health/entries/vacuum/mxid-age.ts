import { defineEntry } from '../../entry.ts';
import { judgeAge } from './id-age.ts';

/** 18: how near the wraparound of multixact ids is. */
export const mxidAge = defineEntry({
  number: 18,
  id: 'mxid-age',
  area: 'vacuum',
  title: 'Age of the oldest multixact id',
  meaning:
    'Rows locked by several transactions at once, as foreign keys do, use up multixact ids. When they are about to come around PostgreSQL refuses what needs new ones.',
  quick: true,
  thresholds: { warnPercent: 50, criticalPercent: 75 },
  check: (context, limits) => judgeAge(context, 'mxids', limits),
});
