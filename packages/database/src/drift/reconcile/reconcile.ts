import {
  type CatalogPair,
  type CompareOptions,
  type Comparison,
  compareCatalogs,
  partOf,
} from '../diff/diff-catalogs.ts';
import type { Difference } from '../diff/difference.ts';
import { planSteps } from './plan-steps.ts';
import type { Step } from './step.ts';

export interface ReconcileOptions extends CompareOptions {
  /** Write the steps that destroy data as statements, not as comments. Default false. */
  readonly allowDestructive?: boolean;
}

/** SQL that brings the live database to what is expected. */
export interface Reconciliation {
  /** A migration file: a section up alone, `transaction:false` where a step needs that. What was found cannot be made again. */
  readonly text: string;
  /** The statements in their order, without those that are commented out. */
  readonly statements: readonly string[];
  /** What stands in the file as a comment only, and why. */
  readonly withheld: readonly { readonly sql: string; readonly reason: string }[];
  /** Whether all of it can run in one transaction. */
  readonly transactional: boolean;
}

/**
 * Writes the SQL that turns the live catalog into the expected one. What loses data is commented out with what it would destroy,
 * unless that is allowed. Indexes are built and dropped concurrently and constraints validated apart from being added, so that
 * nobody waits. Pure: nothing is run.
 */
export function reconcile(pair: CatalogPair, options: ReconcileOptions = {}): Reconciliation {
  return reconcileComparison(compareCatalogs(pair, options), options);
}

/** The same for a part of what differs, with what follows from that, as if nothing else did. */
export function reconcilePart(
  pair: CatalogPair,
  isWanted: (difference: Difference) => boolean,
  options: Pick<ReconcileOptions, 'allowDestructive'> = {},
): Reconciliation {
  return reconcileComparison(partOf(compareCatalogs(pair), isWanted), options);
}

function reconcileComparison(
  comparison: Comparison,
  { allowDestructive = false }: ReconcileOptions = {},
): Reconciliation {
  const planned = planSteps(comparison, allowDestructive);
  const runs = (step: Step): boolean => isRun(step, allowDestructive);
  const transactional = !planned.some(step => runs(step) && step.alone);
  const steps = transactional ? planned : inTransaction(planned, runs);
  const run = steps.filter(runs);
  const header = `-- migrate:up${transactional ? '' : ' transaction:false'}`;
  const body = steps.map(step => stepText(step, allowDestructive));
  return {
    text: `${[header, ...body].join('\n')}\n`,
    statements: run.map(({ sql }) => sql),
    withheld: steps
      .filter(step => !run.includes(step))
      .map(step => ({ sql: step.sql, reason: reasonOf(step) })),
    transactional,
  };
}

/** Puts what belongs together into a transaction of the file itself, which gives up soon when a table is in use. */
function inTransaction(steps: readonly Step[], runs: (step: Step) => boolean): Step[] {
  const isIn = (step: Step): boolean => step.together === true && runs(step);
  const [first, last] = [steps.findIndex(isIn), steps.findLastIndex(isIn)];
  if (first === last) return [...steps];
  return [
    ...steps.slice(0, first),
    { sql: 'begin' },
    { sql: `set local lock_timeout = '2s'` },
    ...steps.slice(first, last + 1),
    { sql: 'commit' },
    ...steps.slice(last + 1),
  ];
}

/** The statements alone, as text in their order, of a comparison or a part of one; what loses data stays a comment. */
export function reconcilingSteps(comparison: Comparison): string[] {
  return planSteps(comparison, false).map(step => stepText(step, false));
}

function isRun({ manual, destroys }: Step, allowDestructive: boolean): boolean {
  return manual !== true && (allowDestructive || destroys === undefined);
}

function stepText(step: Step, allowDestructive: boolean): string {
  return isRun(step, allowDestructive) ? statementText(step) : withheldText(step);
}

function statementText({ sql, allow, destroys }: Step): string {
  const lines = [
    ...(destroys === undefined ? [] : [`-- destroys ${destroys}`]),
    ...(allow === undefined ? [] : [`-- holdfast:allow ${allow[0]}: ${allow[1]}`]),
    `${sql};`,
  ];
  return lines.join('\n');
}

function withheldText(step: Step): string {
  const sql = step.manual === true ? '' : `\n${step.sql};`.replaceAll('\n', '\n-- ');
  return `-- ${reasonOf(step)}${sql}`;
}

function reasonOf({ manual, sql, destroys }: Step): string {
  return manual === true ? `by hand: ${sql}` : `not run, because it destroys ${destroys}`;
}
