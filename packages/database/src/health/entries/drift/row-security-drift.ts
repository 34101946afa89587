import type { Difference } from '../../../drift/diff/difference.ts';
import { defineEntry } from '../../entry.ts';
import { countText } from '../../quantity.ts';
import { driftFindings, driftReading } from './drift-entry.ts';
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
    const drift = await driftFindings(context, isRowSecurity, difference =>
      isWeaker(difference) ? 'critical' : 'warn',
    );
    const findings = [
      ...drift.findings,
      ...idle
        .filter(({ table }) => !drift.differences.some(({ name }) => name === table))
        .map(({ table, policies }) => ({
          weight: 'critical' as const,
          evidence: {
            type: 'policy',
            name: table,
            change: 'without effect',
            policies,
          },
          ...(drift.differences.some(item => isStray(item, table))
            ? {}
            : { remedy: enable(table, policies) }),
        })),
    ];
    const summary = `${countText(findings.length, 'table or policy', 'tables or policies')} not as intended`;
    const known = expected === undefined ? '' : `; as in ${expected.source}`;
    const quiet = `every policy is applied${known}`;
    return driftReading({ findings, thresholds, summary, quiet, remedy: drift.remedy });
  },
});

/** The comparison advises to drop it; to switch it on as well would hide the table's rows. */
function isStray({ type, kind, name }: Difference, table: string): boolean {
  return type === 'policy' && kind === 'unexpected' && name.startsWith(`${table}.`);
}

function enable(table: string, policies: number): string {
  return `alter table ${table} enable row level security; -- or drop its ${countText(policies, 'policy', 'policies')}`;
}

function isRowSecurity({ type, property }: Difference): boolean {
  return type === 'policy' || property === 'row level security' || property === 'force row level security';
}

/** Protection that is gone weighs more than protection that was added. */
function isWeaker({ type, kind, property, expected }: Difference): boolean {
  return type === 'policy' ? kind !== 'unexpected' && property !== 'name' : expected === true;
}
