import { bloatEntry } from './bloat.ts';
import { measureTable, readStoredTables } from './bloat-queries.ts';
import { expectedTablePages } from './estimate-size.ts';

/** 25: tables that occupy much more than their rows need. */
export const tableBloat = bloatEntry({
  number: 25,
  kind: 'table',
  title: 'Table bloat',
  meaning:
    'Much of the table is empty space that dead rows left behind. Scans read it and caches hold it, and vacuum alone does not give it back.',
  thresholds: { warnPercent: 40, criticalPercent: 80, minBytes: 16_777_216 },
  read: readStoredTables,
  expectedPages: expectedTablePages,
  measure: async (db, schema, { oid, fillfactor }) => {
    const { bytes, free, dead } = await measureTable(db, schema, oid);
    // the room that the fillfactor keeps free is there on purpose
    return { bytes, wasted: Math.max(0, free + dead - bytes * (1 - fillfactor / 100)) };
  },
  remedy: ({ name }) =>
    [
      `-- locks the table while it is written anew; pg_repack --table ${name} does it while it is used`,
      `vacuum full ${name};`,
      '-- so that autovacuum comes earlier from now on',
      `alter table ${name} set (autovacuum_vacuum_scale_factor = 0.02);`,
    ].join('\n'),
});
