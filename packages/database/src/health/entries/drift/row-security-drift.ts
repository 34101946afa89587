import { defineEntry } from '../../entry.ts';
import { counted } from '../evidence-list.ts';
import { type CatalogDifference, catalogDifferences } from './catalog-differences.ts';
import { driftReading, toFinding } from './drift-entry.ts';
import { listIdlePolicies } from './rights-queries.ts';

export const rowSecurityDrift = defineEntry({
  number: 49,
  id: 'row-security-drift',
  area: 'drift',
  title: 'Row security and policies',
  meaning:
    'Policies that are not applied, or are other ones than the migrations make, show rows to those who must not see them, or hide them from those who must.',
  quick: false,
  thresholds: { warnDifferences: 1, criticalDifferences: 1 },
  check: async (context, thresholds) => {
    const { db, server, expected } = context;
    const idle = await listIdlePolicies(db, server.schemas);
    const differences =
      expected === undefined
        ? []
        : catalogDifferences(expected.catalog, await context.catalog()).filter(isRowSecurity);
    const findings = [
      ...differences.map(difference => toFinding(difference, isWeaker(difference) ? 'critical' : 'warn')),
      ...idle
        .filter(({ table }) => !differences.some(({ name }) => name === table))
        .map(({ table, policies }) => ({
          weight: 'critical' as const,
          evidence: {
            type: 'policy',
            name: table,
            change: 'without effect',
            policies,
          },
          remedy: `alter table ${table} enable row level security; -- or drop its ${counted(policies, 'policy', 'policies')}`,
        })),
    ];
    const summary = `${counted(findings.length, 'table or policy', 'tables or policies')} not as intended`;
    const known = expected === undefined ? '' : `; as in ${expected.source}`;
    return driftReading(findings, thresholds, summary, `every policy is applied${known}`);
  },
});

function isRowSecurity({ type, property }: CatalogDifference): boolean {
  return type === 'policy' || property === 'rowSecurity' || property === 'forceRowSecurity';
}

/** Protection that is gone weighs more than protection that was added. */
function isWeaker({ type, change, expected }: CatalogDifference): boolean {
  return type === 'policy' ? change !== 'unexpected' : expected === 'true';
}
