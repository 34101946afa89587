import { defineEntry } from '../../entry.ts';
import { shownEvidence } from '../../judge.ts';
import { countText } from '../../quantity.ts';
import { readTableUpkeep } from './table-vacuum-queries.ts';

/** 24: tables that say they want no autovacuum. */
export const autovacuumDisabled = defineEntry({
  number: 24,
  id: 'autovacuum-disabled',
  area: 'vacuum',
  title: 'Tables with autovacuum switched off',
  meaning:
    'A storage parameter keeps autovacuum away, often left over from a bulk load. Dead rows stay, statistics grow old, and only the emergency against wraparound vacuums the table.',
  quick: false,
  thresholds: { minRows: 0 },
  check: async ({ db, server }, { minRows }) => {
    const off = (await readTableUpkeep(db, server.schemas))
      .filter(({ liveRows, deadRows }) => liveRows + deadRows >= minRows)
      .flatMap(({ table, autovacuum, toastAutovacuum, toastTable, liveRows, deadRows }) => [
        ...(autovacuum ? [] : [{ table, parameter: 'autovacuum_enabled', liveRows, deadRows }]),
        ...(toastAutovacuum || toastTable === null
          ? []
          : [{ table, parameter: 'toast.autovacuum_enabled', liveRows, deadRows }]),
      ]);
    const metrics = { tables_without_autovacuum: off.length };
    const [first] = off;
    if (first === undefined) return { level: 'ok', summary: 'none', metrics };
    return {
      level: 'warn',
      summary: `${countText(off.length, 'table')}, such as ${first.table}`,
      ...shownEvidence(off),
      remedy: off
        .slice(0, 5)
        .map(({ table, parameter }) => `alter table ${table} reset (${parameter});`)
        .join('\n'),
      metrics,
    };
  },
});
