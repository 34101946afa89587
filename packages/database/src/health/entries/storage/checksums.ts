import { defineEntry } from '../../entry.ts';
import { counted, evidenceList } from '../evidence-list.ts';
import { readChecksums } from './storage-queries.ts';

export const checksums = defineEntry({
  number: 54,
  id: 'checksums',
  area: 'storage',
  title: 'Data checksums',
  meaning:
    'A page came back from the disk otherwise than it was written: the storage loses data. Without checksums nobody would notice.',
  quick: true,
  thresholds: { criticalFailures: 1 },
  check: async ({ db, server }, { criticalFailures }) => {
    const { enabled, failures } = await readChecksums(db);
    const total = failures.reduce((sum, { count }) => sum + count, 0);
    const metrics = { checksum_failures_total: total, checksums_enabled: enabled ? 1 : 0 };
    if (!enabled) {
      return {
        level: 'warn',
        summary: 'data checksums are off: damaged pages go unnoticed',
        evidence: [{ setting: 'data_checksums', value: 'off' }],
        remedy: `pg_ctl stop -D "$PGDATA" && pg_checksums --enable --progress -D "$PGDATA" && pg_ctl start -D "$PGDATA"`,
        metrics,
      };
    }
    if (total < criticalFailures) {
      return { level: 'ok', summary: 'on, and no page has failed its checksum', metrics };
    }
    return {
      level: 'critical',
      summary: `${counted(total, 'page read')} failed the checksum in ${counted(failures.length, 'database')}`,
      ...evidenceList(failures.map(({ database, count, last }) => ({ database, failures: count, last }))),
      remedy: [
        '-- stop the server and copy its data directory before anything else: reading can make it worse',
        `pg_ctl stop -D "$PGDATA" && cp -a "$PGDATA" "$PGDATA.damaged" && pg_checksums --check -D "$PGDATA"`,
        'holdfast restore   -- then bring the last good backup back beside it',
        `-- when all is well again, begin counting anew: select pg_stat_reset(); -- in ${server.database}`,
      ].join('\n'),
      metrics,
    };
  },
});
