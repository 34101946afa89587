import type { Queryable } from '@holdfast/postgres';
import { sql } from '@holdfast/postgres';
import { defineEntry } from '../../entry.ts';
import { remedyFor, shownEvidence } from '../../judge.ts';
import { countText } from '../../quantity.ts';
import { catalogSql } from '../catalog-sql.ts';
import {
  coverage,
  coverageMetrics,
  type RowScan,
  runScans,
  type Scanned,
  tableSample,
} from '../row-scans.ts';
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
    const { comparisons, unseen } = await compare(db, server.schemas);
    if (comparisons.length === 0 && unseen > 0)
      return {
        level: 'skipped',
        why: `${server.user} may not read ${countText(unseen, 'sequence')}, or the rows of the columns that use them`,
      };
    const result = await runScans(context, comparisons.map(toScan), startedAt);
    const suspects = result.scanned.filter(({ counts }) => counts[0] === 1);
    const behind = suspects.length === 0 ? [] : await stillBehind(db, server.schemas, suspects);
    const examined = `${countText(result.scanned.length, 'column')} with a sequence examined${coverage(result)}`;
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
      summary: `${countText(behind.length, 'sequence')} behind ${behind.length === 1 ? 'its column' : 'their columns'}; ${examined}`,
      ...shownEvidence(rows),
      remedy: remedyFor(behind, ({ scan }) => advance(scan.subject), 20),
      metrics,
    };
  },
});

/** Rows that came between the two readings have drawn from the sequence as well: it is where it was, or beyond what was seen. */
async function stillBehind(
  db: Queryable,
  schemas: readonly string[],
  suspects: readonly Scanned<Comparison>[],
): Promise<Scanned<Comparison>[]> {
  const now = new Map((await readSequences(db, schemas)).map(({ name, nextValue }) => [name, nextValue]));
  return suspects.filter(({ scan: { subject }, counts }) => {
    const next = now.get(subject.use.sequence);
    if (next == null || next === subject.next) return true;
    const extreme = counts[1] ?? 0;
    return subject.descending ? extreme <= Number(next) : extreme >= Number(next);
  });
}

interface Compared {
  readonly comparisons: readonly Comparison[];
  /** How many could not be compared, because this session may not know one side. */
  readonly unseen: number;
}

/** Columns that cannot collide are left out: of other types, of sequences that begin again. */
async function compare(db: Queryable, schemas: readonly string[]): Promise<Compared> {
  const sequences = (await readSequences(db, schemas)).filter(({ cycle }) => !cycle);
  const byName = new Map(sequences.map(sequence => [sequence.name, sequence]));
  const uses = (await listSequenceUses(db, schemas)).filter(
    ({ numeric, rows, sequence }) => numeric && Number(rows) > 0 && byName.has(sequence),
  );
  const comparisons = uses.flatMap(use => {
    const { nextValue: next = null, increment = '1' } = byName.get(use.sequence) ?? {};
    return next === null || !use.seesAll ? [] : [{ use, next, descending: BigInt(increment) < 0n }];
  });
  return { comparisons, unseen: uses.length - comparisons.length };
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
