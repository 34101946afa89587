import { defineEntry, type HealthReading } from '../../entry.ts';
import { remedyFor, shownEvidence } from '../../judge.ts';
import { countText } from '../../quantity.ts';
import { coverage, coverageMetrics, type RowScan, runScans, type Scanned } from '../row-scans.ts';
import { type ForeignKey, listForeignKeys } from './foreign-key-queries.ts';
import { childTable, countOrphans, orphanFilter } from './orphan-query.ts';

/** Too small a sample of the children finds nothing worth telling. */
const LEAST_PERCENT = 0.01;

export const orphans = defineEntry({
  number: 34,
  id: 'orphans',
  area: 'constraints',
  title: 'Rows whose parent is missing',
  meaning:
    'A foreign key believes itself kept and is not: rows were written while its triggers were off, or parents were lost. Joins lose these rows, a restore of a dump stops at them, and validating the constraint again says nothing, because it counts as valid.',
  quick: false,
  elastic: true,
  thresholds: { criticalRows: 1 },
  check: async (context, { criticalRows }) => {
    const startedAt = context.clock.monotonic();
    const keys = await listForeignKeys(context.db, context.server.schemas, context.server.version);
    const [seen, hidden] = [keys.filter(({ seesAll }) => seesAll), keys.filter(({ seesAll }) => !seesAll)];
    if (seen.length === 0 && hidden.length > 0) {
      const why = `${context.server.user} may not read all rows of the tables of ${countText(hidden.length, 'foreign key')}`;
      return { level: 'skipped', why };
    }
    const result = await runScans(context, seen.map(toScan), startedAt);
    const broken = result.scanned
      .filter(({ counts }) => (counts[0] ?? 0) > 0)
      .toSorted((a, b) => (b.counts[0] ?? 0) - (a.counts[0] ?? 0));
    const unseen = hidden.length > 0 ? `; ${hidden.length} cannot be read by ${context.server.user}` : '';
    const examined = `${countText(result.scanned.length, 'foreign key')} examined${coverage(result)}${unseen}`;
    return report(broken, examined, criticalRows, coverageMetrics(result));
  },
});

function toScan(key: ForeignKey): RowScan<ForeignKey> {
  return {
    subject: key,
    name: `${key.child} ${key.name}`,
    // without a sample the parents are read as well, into the hash
    rows: Number(key.childRows) + Number(key.parentRows) / 2,
    risk: (key.triggersOff ? 2 : 0) + (key.validated ? 0 : 1),
    leastPercent: LEAST_PERCENT,
    statement: part => countOrphans(key, part),
  };
}

function report(
  broken: readonly Scanned<ForeignKey>[],
  examined: string,
  criticalRows: number,
  coverageNumbers: Readonly<Record<string, number>>,
): HealthReading {
  const total = broken.reduce((sum, { counts }) => sum + (counts[0] ?? 0), 0);
  const metrics = { orphan_rows: total, broken_foreign_keys: broken.length, ...coverageNumbers };
  if (total === 0) return { level: 'ok', summary: `no orphans; ${examined}`, metrics };
  const rows = broken.map(({ scan: { subject }, counts, percent }) => ({
    table: subject.child,
    constraint: subject.name,
    parent: subject.parent,
    orphans: counts[0] ?? 0,
    sampledPercent: percent,
    validated: subject.validated,
  }));
  return {
    level: total >= criticalRows ? 'critical' : 'warn',
    summary: `${countText(total, 'row')} without a parent in ${countText(broken.length, 'foreign key')}; ${examined}`,
    ...shownEvidence(rows),
    remedy: remedyFor(broken, ({ scan }) => repair(scan.subject), 3),
    metrics,
  };
}

function repair(key: ForeignKey): string {
  const from = childTable(key).text;
  const filter = orphanFilter(key);
  const quarantine = quoteJoined(key.schema, `${key.table.slice(0, 50)}_orphans`);
  const constraint = quote(key.name);
  const definition = key.definition.replace(/ NOT VALID$/i, '');
  return [
    `-- look at the rows without a parent by ${key.name}; parents that a backup still has are best brought back (holdfast restore --table)`,
    `select f.* from ${from} f where ${filter};`,
    '-- else put them aside, and let the constraint be checked for real',
    'begin;',
    `create table if not exists ${quarantine} as select f.* from ${key.child} f with no data;`,
    `with gone as (delete from ${from} f where ${filter} returning f.*) insert into ${quarantine} select * from gone;`,
    'commit;',
    ...(key.childOnly
      ? [
          `alter table ${key.child} drop constraint ${constraint}, add constraint ${constraint} ${definition} not valid;`,
          `alter table ${key.child} validate constraint ${constraint};`,
        ]
      : [
          `alter table ${key.child} drop constraint ${constraint}, add constraint ${constraint} ${definition};`,
        ]),
  ].join('\n');
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function quoteJoined(schema: string, name: string): string {
  return `${quote(schema)}.${quote(name)}`;
}
