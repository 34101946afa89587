import { type TableRestore, type TableRestorePlan, tableText } from '@holdfast/database/restore/tables';
import type { Terminal } from '../terminal.ts';

const COLORS = { insert: 'green', update: 'cyan', delete: 'red' } as const;
const SIGNS = { insert: '+', update: '~', delete: '-' } as const;

/** A plan or a finished restore of tables, for people; sample rows are those of the plan. */
export function renderTableRestore(result: TableRestore, terminal: Terminal): string {
  return [
    ...result.tables.flatMap(table => tableLines(table, result.outcome === 'restored', terminal)),
    ...(result.created.length === 0 ? [] : [`made again: ${result.created.join(', ')}`]),
    ...(result.sequences.length === 0 ? [] : [`sequences moved on: ${result.sequences.join(', ')}`]),
    ...result.notes.map(note => terminal.style('yellow', `note: ${note}`)),
  ].join('\n');
}

function tableLines(table: TableRestorePlan, done: boolean, terminal: Terminal): string[] {
  const { inserts, updates, deletes, unchanged, differing } = table;
  const verbs = done ? ['inserted', 'updated', 'deleted'] : ['to insert', 'to update', 'to delete'];
  const counts = [
    `${inserts} ${verbs[0]}`,
    `${updates} ${verbs[1]}`,
    `${deletes} ${verbs[2]}`,
    ...(table.role === 'selected' ? [`${unchanged} unchanged`] : []),
    ...(differing > 0 ? [`${differing} differ and stay as they are (--mode overwrite puts them back)`] : []),
  ].join(', ');
  const what = [
    ...(table.created ? ['was dropped, is made again'] : []),
    ...(table.role === 'parent' ? ['rows that others need'] : []),
    table.matchedBy === null ? 'matched by whole rows' : `matched by ${table.matchedBy}`,
  ].join('; ');
  return [
    `${terminal.style('bold', tableText(table))} (${what}): ${counts}`,
    ...table.notes.map(note => terminal.style('dim', `    ${note}`)),
    ...table.conflicts.map(({ rows, message }) =>
      terminal.style('red', `    ! ${rows} ${rows === 1 ? 'row' : 'rows'}: ${message}`),
    ),
    ...(done ? [] : table.samples.map(sample => sampleLine(sample, terminal))),
  ];
}

function sampleLine(sample: TableRestorePlan['samples'][number], terminal: Terminal): string {
  const { action, key, before, after } = sample;
  const pairs = (values: Readonly<Record<string, string | null>> | null): string =>
    Object.entries(values ?? {})
      .map(([name, value]) => `${name}=${short(value)}`)
      .join(' ');
  const changes = Object.keys(after ?? {}).map(
    name => `${name}: ${short(before?.[name] ?? null)} -> ${short(after?.[name] ?? null)}`,
  );
  const values = action === 'update' ? changes.join(', ') : pairs(after ?? before);
  const parts = [SIGNS[action], pairs(key), values].filter(part => part !== '');
  return terminal.style(COLORS[action], `    ${parts.join(' ')}`);
}

function short(value: string | null): string {
  if (value === null) return 'NULL';
  const text = value.replaceAll(/\p{Cc}/gu, escaped);
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}

/** A control character as `\u000a`: it would move the cursor of a terminal. */
function escaped(control: string): string {
  return NAMED[control] ?? `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
