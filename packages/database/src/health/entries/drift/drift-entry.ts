import { defineEntry, type Evidence, type HealthEntry, type HealthReading } from '../../entry.ts';
import { counted, evidenceList, remedyFor } from '../evidence-list.ts';
import { type CatalogDifference, catalogDifferences } from './catalog-differences.ts';
import { reconcile } from './reconcile.ts';

/** What a finding of a drift entry weighs. */
export type Weight = 'warn' | 'critical';

export interface DriftFinding {
  readonly weight: Weight;
  readonly evidence: Evidence;
  readonly remedy: string;
}

interface DriftEntry {
  readonly number: number;
  readonly id: string;
  readonly title: string;
  readonly meaning: string;
  /** What is counted: `table`, `column`. */
  readonly noun: string;
  readonly plural?: string;
  readonly concerns: (difference: CatalogDifference) => boolean;
  readonly weigh: (difference: CatalogDifference) => Weight;
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
      const differences = catalogDifferences(expected.catalog, await context.catalog()).filter(part.concerns);
      const findings = differences.map(difference => toFinding(difference, part.weigh(difference)));
      const summary = `${counted(findings.length, part.noun, part.plural)} not as in ${expected.source}`;
      return driftReading(findings, thresholds, summary, `as in ${expected.source}`);
    },
  });
}

/** Critical by what weighs so, else a warning; the heavy ones come first. */
export function driftReading(
  findings: readonly DriftFinding[],
  thresholds: { readonly warnDifferences: number; readonly criticalDifferences: number },
  summary: string,
  quiet: string,
): HealthReading {
  const heavy = findings.filter(({ weight }) => weight === 'critical');
  const metrics = { differences: findings.length, critical_differences: heavy.length };
  if (findings.length === 0 || findings.length < thresholds.warnDifferences) {
    return { level: 'ok', summary: findings.length === 0 ? quiet : summary, metrics };
  }
  const ordered = [...heavy, ...findings.filter(({ weight }) => weight === 'warn')];
  return {
    level: heavy.length >= thresholds.criticalDifferences ? 'critical' : 'warn',
    summary,
    ...evidenceList(ordered.map(({ evidence }) => evidence)),
    remedy: remedyFor(ordered, ({ remedy }) => remedy, 10),
    metrics,
  };
}

export function toFinding(difference: CatalogDifference, weight: Weight): DriftFinding {
  const { type, name, change, property, expected, live } = difference;
  return {
    weight,
    evidence: { type, name, change, property, expected, live },
    remedy: reconcile(difference),
  };
}
