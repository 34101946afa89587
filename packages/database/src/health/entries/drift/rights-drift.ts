import { defineEntry } from '../../entry.ts';
import { countText } from '../../quantity.ts';
import { driftFindings, driftReading } from './drift-entry.ts';
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
    const drift = await driftFindings(
      context,
      ({ type, property }) =>
        property === 'owner' || property === 'privileges' || type === 'default privileges',
      ({ property }) => (property === 'owner' ? 'critical' : 'warn'),
    );
    const differs = new Set(drift.differences.map(({ name }) => name));
    const intended = open.filter(({ name }) => !differs.has(name));
    const findings = [...drift.findings, ...intended.map(openFinding)];
    const source = expected === undefined ? 'only what PUBLIC may do is known' : `as in ${expected.source}`;
    const summary = `${countText(findings.length, 'right')} not as intended; ${open.length} of them PUBLIC's to write`;
    return driftReading({
      findings,
      thresholds,
      summary,
      quiet: `nothing to object to; ${source}`,
      remedy: drift.remedy,
    });
  },
});

function openFinding({ object, privileges, revoke }: OpenRight) {
  const evidence = {
    type: 'grant',
    name: object,
    change: 'unexpected',
    property: 'privileges',
    live: `PUBLIC: ${privileges}`,
  };
  return { weight: 'warn' as const, evidence, remedy: revoke };
}
