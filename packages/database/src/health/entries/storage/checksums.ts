import { defineEntry } from '../../entry.ts';
import { shownEvidence } from '../../judge.ts';
import { countText } from '../../quantity.ts';
import { readChecksums } from './storage-queries.ts';

export const checksums = defineEntry({
  number: 54,
  id: 'checksums',
  area: 'storage',
  title: 'Data checksums',
  meaning:
    'A page that fails its checksum came back from the disk otherwise than it was written: then the storage loses data. Checksums that are off are no damage, but hide it: such a page would be read as if it were right.',
  quick: true,
  thresholds: { criticalFailures: 1 },
  check: async ({ db, server }, { criticalFailures }) => {
    const { enabled, failures } = await readChecksums(db);
    const total = failures.reduce((sum, { count }) => sum + count, 0);
    const metrics = { checksum_failures_total: total, checksums_enabled: enabled ? 1 : 0 };
    if (!enabled) {
      return {
        level: 'warn',
        summary:
          'data checksums are off: nothing is known to be damaged, and a damaged page would go unnoticed',
        evidence: [{ setting: 'data_checksums', value: 'off' }],
        remedy: `-- at a time when the server may be down: every page is read and written\npg_ctl stop -D "$PGDATA" && pg_checksums --enable --progress -D "$PGDATA" && pg_ctl start -D "$PGDATA"`,
        metrics,
      };
    }
    if (total < criticalFailures) {
      return { level: 'ok', summary: 'on, and no page has failed its checksum', metrics };
    }
    return {
      level: 'critical',
      summary: `${countText(total, 'page read')} failed the checksum in ${countText(failures.length, 'database')}`,
      ...shownEvidence(failures.map(({ database, count, last }) => ({ database, failures: count, last }))),
      remedy: [
        '-- stop the server and copy its data directory before anything else: reading can make it worse',
        `pg_ctl stop -D "$PGDATA" && cp -a "$PGDATA" "$PGDATA.damaged" && pg_checksums --check -D "$PGDATA"`,
        '-- then bring the last good backup back beside it',
        'holdfast restore',
        `-- when all is well again, begin counting anew, in ${server.database}`,
        'select pg_stat_reset();',
      ].join('\n'),
      metrics,
    };
  },
});
