import type { Queryable } from '@holdfast/postgres';
import { sql } from '@holdfast/postgres';
import { defineEntry } from '../../entry.ts';
import { catalogSql } from '../catalog-sql.ts';
import { counted, evidenceList, remedyFor } from '../evidence-list.ts';
import { coverage, coverageMetrics, type RowScan, runScans, tableSample } from '../row-scans.ts';
import { readSequences } from './read-sequences.ts';
import { listSequenceUses, type SequenceUse } from './sequence-queries.ts';

interface Comparison {
  readonly use: SequenceUse;
  readonly next: string;
  readonly descending: boolean;
}

export const sequencesBehind = defineEntry({
  number: 40,
  id: 'sequences-behind',
  area: 'sequences',
  title: 'Sequences behind their column',
  meaning:
    'The next value of the sequence is already in the table, as after rows were loaded with their keys: inserts fail with duplicate keys, or give two rows one number.',
  quick: false,
  elastic: true,
  thresholds: { criticalSequences: 1 },
  check: async (context, { criticalSequences }) => {
    const startedAt = context.clock.monotonic();
    const { db, server } = context;
    const comparisons = await compare(db, server.schemas);
    const result = await runScans(context, comparisons.map(toScan), startedAt);
    const behind = result.scanned.filter(({ counts }) => counts[0] === 1);
    const examined = `${counted(result.scanned.length, 'column')} with a sequence examined${coverage(result)}`;
    const metrics = { sequences_behind: behind.length, ...coverageMetrics(result) };
    if (behind.length === 0) return { level: 'ok', summary: `no sequence is behind; ${examined}`, metrics };
    const rows = behind.map(({ scan: { subject }, counts }) => ({
      sequence: subject.use.sequence,
      column: `${subject.use.table}.${subject.use.column}`,
      next: subject.next,
      [subject.descending ? 'lowest' : 'highest']: counts[1] ?? 0,
    }));
    return {
      level: behind.length >= criticalSequences ? 'critical' : 'warn',
      summary: `${counted(behind.length, 'sequence')} behind ${behind.length === 1 ? 'its column' : 'their columns'}; ${examined}`,
      ...evidenceList(rows),
      remedy: remedyFor(behind, ({ scan }) => advance(scan.subject), 20),
      metrics,
    };
  },
});

/** Columns that cannot collide are left out: of other types, of sequences that begin again, and those that cannot be seen. */
async function compare(db: Queryable, schemas: readonly string[]): Promise<Comparison[]> {
  const sequences = (await readSequences(db, schemas)).filter(({ cycle }) => !cycle);
  const byName = new Map(sequences.map(sequence => [sequence.name, sequence]));
  return (await listSequenceUses(db, schemas)).flatMap(use => {
    const sequence = byName.get(use.sequence);
    const next = sequence?.nextValue ?? null;
    const comparable = use.numeric && use.seesAll && Number(use.rows) > 0;
    if (sequence === undefined || next === null || !comparable) return [];
    return [{ use, next, descending: BigInt(sequence.increment) < 0n }];
  });
}

/** Compared by the server, where a bigint is exact. */
function toScan(comparison: Comparison): RowScan<Comparison> {
  const { use, next, descending } = comparison;
  const column = catalogSql(use.column);
  const extreme = descending ? sql`min(${column})` : sql`max(${column})`;
  const reached = descending ? sql`extreme <= ${next}::numeric` : sql`extreme >= ${next}::numeric`;
  return {
    subject: comparison,
    name: use.table,
    rows: use.indexed ? 1 : Number(use.rows),
    risk: 0,
    leastPercent: 0.01,
    statement: part => sql`
      select array[(case when ${reached} then 1 else 0 end)::numeric, extreme::numeric] as counts
      from (select ${extreme} as extreme from ${catalogSql(use.table)} ${tableSample(part)}) found`,
  };
}

function advance({ use, descending }: Comparison): string {
  const extreme = descending ? 'min' : 'max';
  const name = `'${use.sequence.replaceAll("'", "''")}'`;
  return `select pg_catalog.setval(${name}, (select ${extreme}(${use.column}) from ${use.table}));`;
}
