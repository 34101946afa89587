import { quoteName } from '../../../drift/reconcile/quote.ts';
import { defineEntry } from '../../entry.ts';
import { countText } from '../../quantity.ts';
import { driftFindings, driftReading } from './drift-entry.ts';
import { listOutdatedExtensions, type OutdatedExtension } from './rights-queries.ts';

export const extensionDrift = defineEntry({
  number: 50,
  id: 'extension-drift',
  area: 'drift',
  title: 'Extensions and their versions',
  meaning:
    'An extension is missing or of another version than expected, or the server brings a newer one than the database uses, as after an upgrade of its packages.',
  quick: false,
  thresholds: { warnDifferences: 1, criticalDifferences: 1 },
  check: async (context, thresholds) => {
    const { db, expected } = context;
    const outdated = await listOutdatedExtensions(db);
    const drift = await driftFindings(
      context,
      ({ type }) => type === 'extension',
      ({ kind }) => (kind === 'missing' ? 'critical' : 'warn'),
    );
    const findings = [...drift.findings, ...outdated.map(outdatedFinding)];
    const summary = `${countText(findings.length, 'extension')} missing, unexpected or of another version`;
    const known = expected === undefined ? '' : `; as in ${expected.source}`;
    const quiet = `every extension is of the server's own version${known}`;
    return driftReading({ findings, thresholds, summary, quiet, remedy: drift.remedy });
  },
});

function outdatedFinding({ name, installed, available }: OutdatedExtension) {
  const evidence = {
    type: 'extension',
    name,
    change: 'outdated',
    property: 'version',
    live: installed,
    available,
  };
  return { weight: 'warn' as const, evidence, remedy: `alter extension ${quoteName(name)} update;` };
}
