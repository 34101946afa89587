import { defineEntry, type HealthContext } from '../../entry.ts';
import { ageText } from '../../quantity.ts';
import { metricHistory } from '../sampled-metric.ts';
import { readCacheCounts } from './storage-queries.ts';

interface Window {
  readonly hit: number;
  readonly read: number;
  readonly since: string;
}

export const cacheHits = defineEntry({
  number: 61,
  id: 'cache-hits',
  area: 'storage',
  title: 'Cache hits',
  meaning:
    'More reads than usual go past the cache of PostgreSQL: it is smaller than what is in use, or a statement reads whole tables.',
  quick: true,
  thresholds: { warnPercent: 99, minimumBlocks: 10_000 },
  check: async (context, { warnPercent, minimumBlocks }) => {
    const counts = await readCacheCounts(context.db);
    const total = { hit: Number(counts.hit), read: Number(counts.read), since: 'since the statistics began' };
    const window = recentWindow(context, total, minimumBlocks) ?? total;
    const blocks = window.hit + window.read;
    const totals = { hit_blocks_total: total.hit, read_blocks_total: total.read };
    if (blocks < minimumBlocks) {
      return { level: 'ok', summary: `only ${blocks} blocks read so far`, metrics: totals };
    }
    const percent = Math.floor((window.hit / blocks) * 10_000) / 100;
    const metrics = { ...totals, hit_percent: percent };
    const summary = `${percent}% of ${blocks} blocks ${window.since}`;
    if (percent >= warnPercent) return { level: 'ok', summary, metrics };
    return {
      level: 'warn',
      summary,
      evidence: [{ hitPercent: percent, fromCache: window.hit, fromDisk: window.read, since: window.since }],
      remedy: [
        'select relname, heap_blks_read, idx_blks_read from pg_statio_user_tables order by heap_blks_read + coalesce(idx_blks_read, 0) desc limit 10;',
        '-- an index for the statement that reads these tables; or a larger cache, about a quarter of the memory, and a restart:',
        "alter system set shared_buffers = '4GB';",
      ].join('\n'),
      metrics,
    };
  },
});

/** Since the last sample that lies enough blocks back, if the statistics were not reset meanwhile: the past hides the present. */
function recentWindow(
  { samples, clock }: HealthContext,
  total: Window,
  minimumBlocks: number,
): Window | undefined {
  const hits = metricHistory(samples, 'cache-hits', 'hit_blocks_total');
  const reads = new Map(
    metricHistory(samples, 'cache-hits', 'read_blocks_total').map(({ at, value }) => [at, value]),
  );
  for (const { at, value } of hits.toReversed()) {
    const [hit, read] = [total.hit - value, total.read - (reads.get(at) ?? Number.POSITIVE_INFINITY)];
    if (hit < 0 || read < 0) return undefined;
    if (hit + read >= minimumBlocks) return { hit, read, since: `in the last ${ageText(clock.now() - at)}` };
  }
  return undefined;
}
