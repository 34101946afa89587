import { defineEntry } from '../../entry.ts';
import { judgeAge } from './id-age.ts';

/** 17: how near the wraparound of transaction ids is. */
export const xidAge = defineEntry({
  number: 17,
  id: 'xid-age',
  area: 'vacuum',
  title: 'Age of the oldest transaction id',
  meaning:
    'Old rows have to be frozen before transaction ids come around. Some millions before that PostgreSQL refuses every write until a vacuum is through.',
  quick: true,
  thresholds: { warnPercent: 50, criticalPercent: 75 },
  check: (context, limits) => judgeAge(context, 'xids', limits),
});
