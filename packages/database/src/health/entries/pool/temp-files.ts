import { defineEntry } from '../../entry.ts';
import { levelAbove } from '../../judge.ts';
import { bytesText, countText } from '../../quantity.ts';
import { readDatabaseCounters } from './counter-queries.ts';
import { growthOf, perDay } from './growth.ts';

const GIB = 1_073_741_824;

/** 16: sorts and hashes that did not fit into memory. */
export const tempFiles = defineEntry({
  number: 16,
  id: 'temp-files',
  area: 'pool',
  title: 'Temporary files',
  meaning:
    'Sorts, hashes and materialized results do not fit into work_mem and go to disk, which makes them slow and can fill it.',
  quick: true,
  thresholds: { warnBytesPerDay: GIB, criticalBytesPerDay: 100 * GIB },
  check: async (context, { warnBytesPerDay, criticalBytesPerDay }) => {
    const { tempFiles: files, tempBytes: bytes, sinceSeconds } = await readDatabaseCounters(context.db);
    const metrics = { temp_files_total: files, temp_written_total_bytes: bytes };
    const grown = growthOf(context, 'temp-files', metrics, sinceSeconds);
    const { temp_files_total: count = 0, temp_written_total_bytes: written = 0 } = grown.counts;
    const daily = perDay(written, grown.seconds);
    const level = levelAbove(daily, warnBytesPerDay, criticalBytesPerDay);
    return {
      level,
      summary: `${countText(count, 'file')}, ${bytesText(written)} ${grown.period}`,
      ...(level === 'ok'
        ? {}
        : {
            evidence: [
              { files: count, bytes: written, bytesPerDay: Math.round(daily), period: grown.period },
            ],
            remedy: [
              "-- the server's log then names the statements",
              "alter system set log_temp_files = '10MB'; select pg_reload_conf();",
              "-- give them an index that sorts, or more memory where they run (set local work_mem = '64MB'); temp_file_limit protects the disk",
            ].join('\n'),
          }),
      metrics,
    };
  },
});
