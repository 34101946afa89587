import { defineEntry } from '../../entry.ts';
import { judgeBloat } from './bloat.ts';
import { measureTable, readStoredTables } from './bloat-queries.ts';
import { expectedTablePages } from './estimate-size.ts';

const PAGE = 8_192;

/** 25: tables that occupy much more than their rows need. */
export const tableBloat = defineEntry({
  number: 25,
  id: 'table-bloat',
  area: 'vacuum',
  title: 'Table bloat',
  meaning:
    'Much of the table is empty space that dead rows left behind. Scans read it and caches hold it, and vacuum alone does not give it back.',
  quick: false,
  thresholds: { warnPercent: 40, criticalPercent: 80, minBytes: 16_777_216 },
  check: async (context, limits) => {
    const { db, server } = context;
    const schema = server.extensions.get('pgstattuple');
    return judgeBloat(context, {
      kind: 'table',
      relations: await readStoredTables(db, server.schemas, Math.ceil(limits.minBytes / PAGE)),
      expectedPages: expectedTablePages,
      measure:
        schema === undefined
          ? undefined
          : async ({ oid, fillfactor }) => {
              const { bytes, free, dead } = await measureTable(db, schema, oid);
              // the room that the fillfactor keeps free is there on purpose
              return { bytes, wasted: Math.max(0, free + dead - bytes * (1 - fillfactor / 100)) };
            },
      remedy: ({ name }) =>
        `vacuum full ${name};   locks the table while it is written anew; pg_repack --table ${name} does it while it is used. Then let autovacuum come earlier: alter table ${name} set (autovacuum_vacuum_scale_factor = 0.02);`,
      limits,
    });
  },
});
