import { type SqlQuery, sql } from '@holdfast/postgres';
import { defineEntry, type Evidence } from '../../entry.ts';
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
import { listRuledTables, type RuledTable, type TableRule } from './rule-queries.ts';

const LEAST_PERCENT = 0.01;

interface Violation {
  readonly table: string;
  readonly rule: TableRule;
  readonly rows: number;
  readonly percent: number;
}

export const brokenRules = defineEntry({
  number: 38,
  id: 'broken-rules',
  area: 'constraints',
  title: 'Rows that break NOT NULL or CHECK',
  meaning:
    'Rows contradict a rule that their table has: the rule is NOT VALID, the function behind it changed, or the rows are damaged. Their next update fails, and so does restoring a dump of them.',
  quick: false,
  elastic: true,
  thresholds: { criticalRows: 1 },
  check: async (context, { criticalRows }) => {
    const startedAt = context.clock.monotonic();
    const { db, server } = context;
    const tables = await listRuledTables(db, server.schemas, server.version);
    const seen = tables.filter(({ seesAll }) => seesAll);
    if (seen.length === 0 && tables.length > 0) {
      return { level: 'skipped', why: `${server.user} may not read all rows of any of the tables` };
    }
    const result = await runScans(context, seen.map(toScan), startedAt);
    const violations = result.scanned.flatMap(violationsOf).toSorted((a, b) => b.rows - a.rows);
    const hidden = tables.length - seen.length;
    const examined = `${countText(result.scanned.length, 'table')} examined${coverage(result)}${hidden > 0 ? `; ${hidden} cannot be read by ${server.user}` : ''}`;
    // what is NOT VALID never claimed to hold
    const broken = violations.filter(({ rule }) => rule.validated).reduce((sum, { rows }) => sum + rows, 0);
    const total = violations.reduce((sum, { rows }) => sum + rows, 0);
    const metrics = {
      rule_breaking_rows: total,
      broken_rules: violations.length,
      ...coverageMetrics(result),
    };
    if (total === 0) return { level: 'ok', summary: `no row breaks a rule; ${examined}`, metrics };
    return {
      level: broken >= criticalRows ? 'critical' : 'warn',
      summary: `${countText(total, 'row')} break ${countText(violations.length, 'rule')}; ${examined}`,
      ...shownEvidence(violations.map(toEvidence)),
      remedy: remedyFor(violations, repair),
      metrics,
    };
  },
});

/** One scan of the table judges all its rules. A check that might do something is not run by a look. */
function toScan(table: RuledTable): RowScan<RuledTable> {
  const rules = table.rules.filter(({ volatile }) => !volatile);
  return {
    subject: { ...table, rules },
    name: table.table,
    rows: Number(table.rows),
    risk: rules.some(({ validated }) => !validated) ? 1 : 0,
    leastPercent: LEAST_PERCENT,
    statement: part => {
      const from = sql`${catalogSql(`only ${table.table}`)} ${tableSample(part)}`;
      if (rules.length === 0) return sql`select array[]::pg_catalog.int8[] as counts`;
      const counts = rules.map(rule => sql`count(*) filter (where ${broken(rule)})`);
      return sql`select array[${sql.join(counts)}] as counts from ${from}`;
    },
  };
}

/**
 * A check holds when it is true or null. Nulls are counted through a function: `is null` of a NOT NULL column is what the
 * planner answers without looking.
 */
function broken({ kind, expression }: TableRule): SqlQuery<never> {
  return kind === 'check'
    ? catalogSql(`not (${expression})`)
    : catalogSql(`pg_catalog.num_nulls(${expression}) > 0`);
}

function violationsOf({ scan: { subject }, counts, percent }: Scanned<RuledTable>): Violation[] {
  return subject.rules.flatMap((rule, index) => {
    const rows = counts[index] ?? 0;
    return rows > 0 ? [{ table: subject.table, rule, rows, percent }] : [];
  });
}

function toEvidence({ table, rule, rows, percent }: Violation): Evidence {
  return {
    table,
    rule: rule.kind,
    name: rule.name,
    rows,
    sampledPercent: percent,
    validated: rule.validated,
  };
}

function repair({ table, rule }: Violation): string {
  return `select * from only ${table} where ${broken(rule).text}; -- mend or remove these rows (${rule.kind} ${rule.name})`;
}
