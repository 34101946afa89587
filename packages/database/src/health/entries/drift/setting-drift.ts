import { defineEntry } from '../../entry.ts';
import { countText } from '../../quantity.ts';
import { attempt } from '../attempt.ts';
import { driftFindings, driftReading } from './drift-entry.ts';
import { type FileSetting, fileDifferences } from './rights-queries.ts';

export const settingDrift = defineEntry({
  number: 51,
  id: 'setting-drift',
  area: 'drift',
  title: 'Settings',
  meaning:
    'The server runs with other settings than its files or its expectation say: the next reload or restart changes how it behaves, or keeps it from starting.',
  quick: false,
  thresholds: { warnDifferences: 1, criticalDifferences: 1 },
  check: async (context, thresholds) => {
    const { db, expected } = context;
    const files = await attempt(db, fileDifferences());
    if (!files.ok && expected === undefined) {
      return {
        level: 'skipped',
        why: `no expectation is known, and the configuration files cannot be seen: ${files.why}`,
      };
    }
    const drift = await driftFindings(
      context,
      ({ type }) => type === 'setting' || type === 'server setting',
      () => 'warn',
    );
    const findings = [...(files.ok ? files.rows.map(fileFinding) : []), ...drift.findings];
    const summary = `${countText(findings.length, 'setting')} not as written or expected`;
    const seen = files.ok ? 'the server runs as its files say' : 'its files cannot be seen';
    const quiet = expected === undefined ? seen : `${seen}; as in ${expected.source}`;
    return driftReading({ findings, thresholds, summary, quiet, remedy: drift.remedy });
  },
});

/** A line that the server does not understand keeps it from starting the next time. */
function fileFinding({ name, file, line, inFile, running, error }: FileSetting) {
  const place = file === null ? 'the configuration' : `${file}:${line}`;
  if (error !== null) {
    const evidence = { type: 'setting', name, change: 'invalid', file: place, error };
    return { weight: 'critical' as const, evidence, remedy: `-- correct ${place}: ${error}` };
  }
  const evidence = { type: 'setting', name, change: 'not loaded', file: place, inFile, live: running };
  return { weight: 'warn' as const, evidence, remedy: 'select pg_reload_conf();' };
}
