import type { Catalog } from '@holdfast/postgres';
import { valueText } from '../../../drift/diff/describe-difference.ts';
import type { Difference } from '../../../drift/diff/difference.ts';
import type { PropertyValue } from '../../../drift/objects/schema-object.ts';
import {
  defineEntry,
  type Evidence,
  type HealthContext,
  type HealthEntry,
  type HealthReading,
} from '../../entry.ts';
import { remedyFor, shownEvidence } from '../../judge.ts';
import { countText } from '../../quantity.ts';
import { expectedDifferences, reconcilingSql } from './expected-differences.ts';

/** What a finding of a drift entry weighs. */
export type Weight = 'warn' | 'critical';

export interface DriftFinding {
  readonly weight: Weight;
  readonly evidence: Evidence;
  /** Undefined for a difference: those are made good together. */
  readonly remedy?: string;
}

interface DriftEntry {
  readonly number: number;
  readonly id: string;
  readonly title: string;
  readonly meaning: string;
  /** What is counted: `table`, `column`. */
  readonly noun: string;
  readonly plural?: string;
  readonly concerns: (difference: Difference) => boolean;
  readonly weigh: (difference: Difference, expected: Catalog) => Weight;
}

/** An entry that is nothing but a part of the comparison with the expected catalog. */
export function driftEntry({ number, id, title, meaning, ...part }: DriftEntry): HealthEntry {
  return defineEntry({
    number,
    id,
    area: 'drift',
    title,
    meaning,
    quick: false,
    thresholds: { warnDifferences: 1, criticalDifferences: 1 },
    check: async (context, thresholds) => {
      const { expected } = context;
      if (expected === undefined) {
        const why =
          'there is nothing to compare with: no migrations, no snapshot and no backup say what is expected';
        return { level: 'skipped', why };
      }
      const differences = await expectedDifferences(context, part.concerns);
      const findings = differences.map(difference =>
        toFinding(difference, part.weigh(difference, expected.catalog)),
      );
      const summary = `${countText(findings.length, part.noun, part.plural)} not as in ${expected.source}`;
      const quiet = `as in ${expected.source}`;
      const remedy = await reconcilingSql(context, differences);
      return driftReading({ findings, thresholds, summary, quiet, remedy });
    },
  });
}

interface DriftParts {
  readonly findings: readonly DriftFinding[];
  readonly thresholds: { readonly warnDifferences: number; readonly criticalDifferences: number };
  readonly summary: string;
  /** The summary when there is nothing. */
  readonly quiet: string;
  /** For the findings without one of their own. */
  readonly remedy: string;
}

/** Critical by what weighs so, else a warning; the heavy ones come first. */
export function driftReading({ findings, thresholds, summary, quiet, remedy }: DriftParts): HealthReading {
  const heavy = findings.filter(({ weight }) => weight === 'critical');
  const metrics = { differences: findings.length, critical_differences: heavy.length };
  if (findings.length === 0 || findings.length < thresholds.warnDifferences) {
    return { level: 'ok', summary: findings.length === 0 ? quiet : summary, metrics };
  }
  const ordered = [...heavy, ...findings.filter(({ weight }) => weight === 'warn')];
  const own = ordered.flatMap(finding => finding.remedy ?? []);
  return {
    level: heavy.length >= thresholds.criticalDifferences ? 'critical' : 'warn',
    summary,
    ...shownEvidence(ordered.map(({ evidence }) => evidence)),
    remedy: [remedy, remedyFor(own, text => text, 10)].filter(text => text !== '').join('\n'),
    metrics,
  };
}

export function toFinding(
  { type, name, kind, property, expected, live, consequences }: Difference,
  weight: Weight,
): DriftFinding {
  const text = (value: PropertyValue): string | null => (kind === 'changed' ? valueText(value) : null);
  const values = { expected: text(expected), live: text(live), consequences: consequences.length };
  return { weight, evidence: { type, name, change: kind, property, ...values } };
}

/** The differences of an entry as findings, and the SQL against them. */
export async function driftFindings(
  context: HealthContext,
  concerns: (difference: Difference) => boolean,
  weigh: (difference: Difference) => Weight,
): Promise<{
  readonly differences: readonly Difference[];
  readonly findings: readonly DriftFinding[];
  readonly remedy: string;
}> {
  const differences = await expectedDifferences(context, concerns);
  const findings = differences.map(difference => toFinding(difference, weigh(difference)));
  return { differences, findings, remedy: await reconcilingSql(context, differences) };
}
