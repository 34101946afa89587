import { defineEntry } from '../../entry.ts';
import { shownEvidence } from '../../judge.ts';
import { countText } from '../../quantity.ts';
import { readTableUpkeep } from './table-vacuum-queries.ts';

/** What a table that was never counted must at least occupy to be worth a word. */
const PAGE = 8_192;

/** 23: tables that the planner knows nothing about. */
export const neverAnalyzed = defineEntry({
  number: 23,
  id: 'never-analyzed',
  area: 'vacuum',
  title: 'Tables without planner statistics',
  meaning:
    'The planner guesses how many rows a condition leaves, and chooses plans that can be slower by orders of magnitude. Usual after a restore or an upgrade.',
  quick: false,
  thresholds: { minRows: 1_000 },
  check: async ({ db, server }, { minRows }) => {
    const tables = await readTableUpkeep(db, server.schemas);
    const blind = tables
      .filter(({ liveRows, bytes }) => liveRows >= minRows || bytes >= minRows * PAGE)
      .filter(
        ({ analyzed, hasStatistics, neverCounted }) =>
          !analyzed && (hasStatistics === null ? neverCounted : !hasStatistics),
      )
      .sort((a, b) => b.liveRows - a.liveRows);
    const metrics = { tables_without_statistics: blind.length };
    const [worst] = blind;
    if (worst === undefined) return { level: 'ok', summary: 'every larger table has statistics', metrics };
    return {
      level: 'warn',
      summary: `${countText(blind.length, 'table')}, such as ${worst.table}`,
      ...shownEvidence(blind.map(({ table, liveRows, bytes }) => ({ table, liveRows, bytes }))),
      remedy:
        blind.length > 5
          ? '-- all of the database; vacuumdb --analyze-in-stages gives rough statistics first\nanalyze (verbose);'
          : blind.map(({ table }) => `analyze (verbose) ${table};`).join('\n'),
      metrics,
    };
  },
});
