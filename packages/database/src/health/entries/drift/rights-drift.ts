import { defineEntry } from '../../entry.ts';
import { counted } from '../evidence-list.ts';
import { catalogDifferences } from './catalog-differences.ts';
import { driftReading, toFinding } from './drift-entry.ts';
import { listOpenRights, type OpenRight } from './rights-queries.ts';

export const rightsDrift = defineEntry({
  number: 48,
  id: 'rights-drift',
  area: 'drift',
  title: 'Owners, grants and default privileges',
  meaning:
    'Somebody may do more or less than intended: a wrong owner makes migrations fail, a missing grant the API, and what PUBLIC may write, every role of the server may.',
  quick: false,
  thresholds: { warnDifferences: 1, criticalDifferences: 1 },
  check: async (context, thresholds) => {
    const { db, server, expected } = context;
    const open = await listOpenRights(db, server.schemas);
    const differences =
      expected === undefined
        ? []
        : catalogDifferences(expected.catalog, await context.catalog()).filter(
            ({ type, property }) =>
              property === 'owner' || property === 'acl' || type === 'default privileges',
          );
    const findings = [
      ...differences.map(difference =>
        toFinding(difference, difference.property === 'owner' ? 'critical' : 'warn'),
      ),
      ...open.map(openFinding),
    ];
    const source = expected === undefined ? 'only what PUBLIC may do is known' : `as in ${expected.source}`;
    const summary = `${counted(findings.length, 'right')} not as intended; ${open.length} of them PUBLIC's to write`;
    return driftReading(findings, thresholds, summary, `nothing to object to; ${source}`);
  },
});

function openFinding({ object, privileges, revoke }: OpenRight) {
  const evidence = {
    type: 'grant',
    name: object,
    change: 'unexpected',
    property: 'acl',
    live: `PUBLIC: ${privileges}`,
  };
  return { weight: 'warn' as const, evidence, remedy: revoke };
}
