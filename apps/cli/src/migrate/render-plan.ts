import type { MigrationPlan, PlannedMigrationFile, PlannedStatement } from '@holdfast/database/plan';
import type { Terminal } from '../terminal.ts';
import { count, formatBytes, formatMilliseconds, indent, wrap } from './text.ts';

/** The dry run as text: what concerns nobody else is one line for all of it. */
export function renderPlan(plan: MigrationPlan, terminal: Terminal): string {
  const { migrations, version } = plan;
  if (migrations.length === 0) return `Nothing is pending; the schema is at ${version ?? 'nothing'}.`;
  return [...migrations.map(migration => renderMigration(migration, terminal)), summaryOf(plan)].join('\n\n');
}

function renderMigration({ file, mode, statements }: PlannedMigrationFile, terminal: Terminal): string {
  const how = mode === 'transactional' ? 'one transaction' : 'statement by statement';
  const lines = [`${terminal.style('bold', file)}  ${how}`];
  let quiet: PlannedStatement[] = [];
  for (const statement of statements) {
    if (isQuiet(statement) && !terminal.verbose) {
      quiet.push(statement);
      continue;
    }
    lines.push(...renderQuiet(quiet), renderStatement(statement, terminal));
    quiet = [];
  }
  return [...lines, ...renderQuiet(quiet)].join('\n');
}

/** Whether nobody else can notice the statement. */
function isQuiet({ outcome, locks, rewritten, built, findings }: PlannedStatement): boolean {
  const blocks = locks.some(lock => lock.blocks !== 'nobody');
  return outcome.kind === 'run' && !blocks && rewritten.length + built.length + findings.length === 0;
}

function renderQuiet(statements: readonly PlannedStatement[]): string[] {
  const [first] = statements;
  if (first === undefined) return [];
  const total = statements.reduce((sum, { durationMs }) => sum + (durationMs ?? 0), 0);
  const what = statements.length === 1 ? first.summary : `${statements.length} statements`;
  return [`  line ${first.line}  ${what}  ${formatMilliseconds(total)}, keeps nobody waiting`];
}

function renderStatement(statement: PlannedStatement, terminal: Terminal): string {
  const { line, summary, durationMs, findings, rewritten, scanned, built } = statement;
  const time = durationMs === null ? '' : `  ${formatMilliseconds(durationMs)}`;
  const notes = [
    ...outcomeNotes(statement, terminal),
    ...lockNotes(statement, terminal),
    ...rewritten.map(table => terminal.style('red', `writes ${table} anew`)),
    ...built.map(({ index, table }) => `builds ${index} on ${table}`),
    ...scanned.filter(table => !rewritten.includes(table)).map(table => `reads all of ${table}`),
    ...findings.map(({ level, rule, message }) => {
      const mark = terminal.style(level === 'refuse' ? 'red' : 'yellow', `lint: ${rule}`);
      return `${mark}  ${message}`;
    }),
  ];
  return [`  line ${line}  ${summary}${time}`, ...notes.map(note => indent(wrap(note), 7))].join('\n');
}

function outcomeNotes({ outcome }: PlannedStatement, { style }: Terminal): string[] {
  switch (outcome.kind) {
    case 'run':
      return [];
    case 'predicted':
      return [style('dim', `not tried: ${outcome.reason}`)];
    case 'failed':
      return [
        style(
          'red',
          `fails: ${outcome.message}${outcome.sqlState === null ? '' : ` (SQLSTATE ${outcome.sqlState})`}`,
        ),
      ];
    case 'too_long':
      return [
        style(
          'red',
          `stopped after ${formatMilliseconds(outcome.limitMs)}: try it on a copy with a higher --statement-limit`,
        ),
      ];
    case 'not_run':
      return [style('dim', 'not tried: a statement before it did not get through')];
  }
}

function lockNotes({ locks, tables }: PlannedStatement, { style }: Terminal): string[] {
  return locks
    .filter(({ blocks }) => blocks !== 'nobody')
    .map(({ relation, mode, blocks }) => {
      const table = tables.find(candidate => candidate.relation === relation);
      const rows = table?.rows === null ? 'never counted' : `${table?.rows.toLocaleString('en-US')} rows`;
      const size = table === undefined ? '' : `  (${rows}, ${formatBytes(table.bytes)})`;
      const text = `${mode} on ${relation}: ${blocks} wait${size}`;
      return style(blocks === 'reads and writes' ? 'red' : 'yellow', text);
    });
}

function summaryOf({ migrations, complete }: MigrationPlan): string {
  const statements = migrations.flatMap(migration => migration.statements);
  const total = statements.reduce((sum, { durationMs }) => sum + (durationMs ?? 0), 0);
  const files = count(migrations.length, 'migration');
  const refused = statements.filter(({ findings }) =>
    findings.some(({ level }) => level === 'refuse'),
  ).length;
  const lint =
    refused === 0 ? '' : ` Lint refuses ${refused} of them; holdfast migrate lint shows a safer way.`;
  const end = complete ? '' : ' They would not get through.';
  return `${files}, ${count(statements.length, 'statement')}, ${formatMilliseconds(total)}; everything was rolled back.${lint}${end}`;
}
