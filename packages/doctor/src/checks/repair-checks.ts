import type { Check } from '../engine/index.ts';
import { checkOf, fail, pass } from './judge.ts';

/** What earlier repairs have left. */
export const REPAIR_CHECKS: readonly Check[] = [
  checkOf({
    id: 'repair.finished',
    layer: 'process',
    title: 'No repair was cut off',
    from: 'repair.journal',
    judge: ({ cutOff }) => {
      const named = cutOff.map(({ code, subject, startedAt }) => `${code} at ${subject} (${startedAt})`);
      return named.length === 0 ? pass('none was') : fail(`the repair of ${named.join(', ')} was cut off`);
    },
  }),
];
