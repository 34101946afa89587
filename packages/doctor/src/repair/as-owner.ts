import type { OtherTarget } from '../config/other-target.ts';
import type { Target } from '../target.ts';
import type { NoPlan, RepairPlan } from './repair-plan.ts';

/**
 * A plan whose commands reach the database of another system as the repair does, by the variable that its configuration names and never
 * by the URL itself: typed alone, they would find the role of the API, or nobody.
 */
export function asOwner(plan: RepairPlan | NoPlan, target: Target | OtherTarget): RepairPlan | NoPlan {
  if (!('kind' in target)) return plan;
  const { ownerVariable } = target.database;
  const url = ownerVariable === undefined ? 'OWNER_URL' : `"$${ownerVariable}"`;
  const told = (text: string): string =>
    text.replaceAll(/\bholdfast restore (?!-)\S+/g, start => `${start} --database-url ${url}`);
  if ('cannot' in plan) return { cannot: told(plan.cannot) };
  const steps = plan.steps.map(step => ({ ...step, what: told(step.what), command: told(step.command) }));
  return { ...plan, undo: told(plan.undo), steps };
}
