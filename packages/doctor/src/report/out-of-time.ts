import type { Diagnosis } from '../diagnosis.ts';
import { LAYERS } from '../engine/index.ts';

/** What there was no time for, such as `12 checks of data and auth`; undefined when there was time for everything. */
export function unseenInTime({
  notExamined,
  checks,
}: Pick<Diagnosis, 'notExamined' | 'checks'>): string | undefined {
  const ids = new Set(notExamined.filter(({ outOfTime }) => outOfTime).map(({ check }) => check));
  if (ids.size === 0) return undefined;
  const layers = LAYERS.filter(layer => checks.some(check => check.layer === layer && ids.has(check.id)));
  const [last, ...others] = layers.toReversed();
  const named = others.length === 0 ? last : `${others.toReversed().join(', ')} and ${last}`;
  return `${ids.size} ${ids.size === 1 ? 'check' : 'checks'} of ${named}`;
}

/** What gives an examination more time. */
export const MORE_TIME = 'holdfast doctor --timeout 30s';
