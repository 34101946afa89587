import {
  type CatalogPair,
  type CompareOptions,
  type Comparison,
  compareCatalogs,
} from '../diff/diff-catalogs.ts';
import { planSteps } from './plan-steps.ts';
import type { Step } from './step.ts';

export interface ReconcileOptions extends CompareOptions {
  /** Write the steps that destroy data as statements, not as comments. Default false. */
  readonly allowDestructive?: boolean;
}

/** SQL that brings the live database to what is expected. */
export interface Reconciliation {
  /** A migration file: a section up, `transaction:false` where a step needs that. */
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

function reconcileComparison(
  comparison: Comparison,
  { allowDestructive = false }: ReconcileOptions = {},
): Reconciliation {
  const steps = planSteps(comparison);
  const run = steps.filter(step => isRun(step, allowDestructive));
  const transactional = !run.some(step => step.alone);
  const header = `-- migrate:up${transactional ? '' : ' transaction:false'}`;
  const body = steps.map(step => stepText(step, allowDestructive));
  return {
    text: `${[header, ...body].join('\n')}\n\n-- migrate:down\n`,
    statements: run.map(({ sql }) => sql),
    withheld: steps
      .filter(step => !run.includes(step))
      .map(step => ({ sql: step.sql, reason: reasonOf(step) })),
    transactional,
  };
}

/** The statements alone, as text in their order, of a comparison or a part of one; what loses data stays a comment. */
export function reconcilingSteps(comparison: Comparison): string[] {
  return planSteps(comparison).map(step => stepText(step, false));
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
