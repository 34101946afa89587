import type { Milestone } from '../aggregate/aggregate.ts';
import type { MilestoneKind } from '../aggregate/milestone.ts';
import type { SignalGroup } from './group-signals.ts';

const MINUTE_MS = 60_000;
const BEFORE_MS = 15 * MINUTE_MS;
const AFTER_MS = 2 * MINUTE_MS;
const DEPLOYMENT_BEFORE_MS = 10 * MINUTE_MS;
const LASTING_MS = 3 * MINUTE_MS;

const DATABASE: readonly MilestoneKind[] = ['database_stop', 'database_crash', 'database_unreachable'];

/** What happened from a quarter of an hour before the onset to two minutes after, the first of each kind and label. */
export function eventsNear(milestones: readonly Milestone[], onset: number): Milestone[] {
  const near = milestones
    .filter(({ time }) => time >= onset - BEFORE_MS && time <= onset + AFTER_MS)
    .toSorted((a, b) => a.time - b.time);
  return near.filter((item, index) => near.findIndex(other => other.kind === item.kind) === index);
}

/** The first word of the database itself, or of those who wanted it, around the onset. */
export function databaseEvent(events: readonly Milestone[], onset: number): Milestone | undefined {
  const close = events.filter(({ kind, time }) => DATABASE.includes(kind) && time >= onset - 5 * MINUTE_MS);
  return close.toSorted((a, b) => DATABASE.indexOf(a.kind) - DATABASE.indexOf(b.kind))[0];
}

export function eventOf(
  events: readonly Milestone[],
  ...kinds: readonly MilestoneKind[]
): Milestone | undefined {
  return events.find(({ kind }) => kinds.includes(kind));
}

/**
 * The deployment that can have caused this. To be near is not enough: the program itself must answer (no 502 to 504), some
 * routes must be affected and others not, and it must go on when the restart is long over.
 */
export function blamedDeployment(events: readonly Milestone[], group: SignalGroup): Milestone | undefined {
  const { main, isBroad } = group;
  const byProxy = ['502', '503', '504'].reduce((sum, status) => sum + main.statuses.get(status), 0);
  const lasts = main.last - main.first >= LASTING_MS;
  if (isBroad || !lasts || byProxy > main.lines / 4) return undefined;
  const first = Math.min(...group.parts.map(part => part.first));
  return events.findLast(
    ({ kind, time }) =>
      kind === 'deployment' && time <= first + MINUTE_MS && time >= first - DEPLOYMENT_BEFORE_MS,
  );
}
