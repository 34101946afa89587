import { defineEntry } from '../../entry.ts';
import { counted } from '../evidence-list.ts';
import { catalogDifferences, quoteName } from './catalog-differences.ts';
import { driftReading, toFinding } from './drift-entry.ts';
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
    const differences =
      expected === undefined
        ? []
        : catalogDifferences(expected.catalog, await context.catalog()).filter(
            ({ type }) => type === 'extension',
          );
    const findings = [
      ...differences.map(difference =>
        toFinding(difference, difference.change === 'missing' ? 'critical' : 'warn'),
      ),
      ...outdated.map(outdatedFinding),
    ];
    const summary = `${counted(findings.length, 'extension')} missing, unexpected or of another version`;
    const known = expected === undefined ? '' : `; as in ${expected.source}`;
    return driftReading(
      findings,
      thresholds,
      summary,
      `every extension is of the server's own version${known}`,
    );
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
