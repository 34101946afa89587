import { type AuditEntry, type AuditFilter, listAudit } from '@holdfast/auth/audit';
import { HoldfastError, isUuid } from '@holdfast/core';
import { parseRetention } from '@holdfast/database/cleanup';
import type { Queryable } from '@holdfast/postgres';
import { defineCommand, type OptionDefinitions, type OptionValues } from '../command.ts';
import { withOwnerConnection } from '../database-access.ts';
import { onHoldfastTables } from '../holdfast-tables.ts';
import type { Terminal } from '../terminal.ts';

const OPTIONS = {
  actor: { type: 'string', value: 'ID', description: 'what this account did' },
  action: { type: 'string', value: 'ACTION', description: 'one action, or a group such as session.*' },
  subject: { type: 'string', value: 'TYPE[:ID]', description: 'what happened to this, such as user:0199…' },
  request: { type: 'string', value: 'ID', description: 'what one request did' },
  from: {
    type: 'string',
    value: 'TIME',
    description: 'not before: 2026-01-31T12:00:00Z, or 24h for a day ago',
  },
  to: { type: 'string', value: 'TIME', description: 'before' },
  limit: { type: 'string', value: 'ROWS', description: 'how many (default 50)' },
  cursor: { type: 'string', value: 'CURSOR', description: 'where the page before ended' },
  csv: { type: 'boolean', description: 'write every entry that fits as CSV, however many' },
  ndjson: { type: 'boolean', description: 'write every entry that fits as lines of JSON, however many' },
} as const satisfies OptionDefinitions;

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 10_000;
/** Entries in memory at once while all of them are written. */
const PAGE = 1_000;

type Search = Omit<AuditFilter, 'limit' | 'before'>;

/** `holdfast audit`: the audit log from the database itself. */
export const audit = defineCommand({
  usage: '',
  description:
    'Searches the audit log, newest entries first, in the database itself: the API need not run. Conditions are combined. A page ends with the cursor of the next one; --csv and --ndjson write everything that fits, in bounded memory.',
  options: OPTIONS,
  examples: [
    ['holdfast audit --from 24h', 'the last day'],
    [
      'holdfast audit --subject user:0199c1a0-0000-7000-8000-000000000000',
      'everything that happened to an account',
    ],
    [
      'holdfast audit --action "session.*" --from 2026-01-01T00:00:00Z --csv > sessions.csv',
      'for a spreadsheet',
    ],
  ],
  exitStatus: [
    [0, 'the entries were written, also when there are none'],
    [1, 'the database has no audit log'],
    [2, 'a condition, a setting or an option is wrong'],
    [3, 'the database is not available'],
  ],
  run: async ({ options, configuration, terminal }) => {
    const search = searchOf(options);
    const before = wholeNumber('--cursor', options.cursor, Number.MAX_SAFE_INTEGER);
    const format = formatOf(options, terminal);
    const limit = wholeNumber('--limit', options.limit, MAX_LIMIT) ?? DEFAULT_LIMIT;
    await withOwnerConnection(configuration(), terminal, connection =>
      onHoldfastTables(() =>
        format === undefined
          ? showPage(connection, search, { before, limit }, terminal)
          : writeAll(connection, search, before, format, terminal),
      ),
    );
    return 0;
  },
});

function formatOf(
  { csv, ndjson, limit }: OptionValues<typeof OPTIONS>,
  { json }: Terminal,
): Format | undefined {
  const chosen = [csv === true, ndjson === true, json].filter(Boolean).length;
  if (chosen > 1) throw new HoldfastError('usage', 'Choose one of --csv, --ndjson and --json.');
  if (csv !== true && ndjson !== true) return undefined;
  if (limit !== undefined)
    throw new HoldfastError('usage', '--csv and --ndjson write everything; --limit is for pages.');
  return csv === true ? CSV : NDJSON;
}

function searchOf(options: OptionValues<typeof OPTIONS>): Search {
  const { actor, action, subject, request } = options;
  if (actor !== undefined && !isUuid(actor))
    throw new HoldfastError('usage', '--actor must be the id of an account.');
  const separator = subject?.indexOf(':') ?? -1;
  return {
    actorId: actor,
    action,
    subjectType: separator === -1 ? subject : subject?.slice(0, separator),
    subjectId: separator === -1 ? undefined : subject?.slice(separator + 1),
    requestId: request,
    from: timeOf('--from', options.from),
    to: timeOf('--to', options.to),
  };
}

function timeOf(name: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const ago = parseRetention(text);
  const time = ago === undefined ? Date.parse(text) : Date.now() - ago;
  if (!Number.isNaN(time) && (ago !== undefined || /^\d{4}-\d{2}-\d{2}/.test(text))) return new Date(time);
  throw new HoldfastError(
    'usage',
    `${name} must be a time such as 2026-01-31T12:00:00Z, or a duration such as 24h.`,
  );
}

function wholeNumber(name: string, text: string | undefined, max: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 1 && value <= max) return value;
  throw new HoldfastError('usage', `${name} must be a whole number from 1 to ${max}.`);
}

async function showPage(
  db: Queryable,
  search: Search,
  { before, limit }: { readonly before: number | undefined; readonly limit: number },
  terminal: Terminal,
): Promise<void> {
  const rows = await listAudit(db, { ...search, before, limit: limit + 1 });
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const nextCursor = rows.length > limit && last !== undefined ? String(last.position) : null;
  terminal.result({ items, nextCursor }, () => {
    if (items.length === 0) return 'There is no such entry.';
    const more = nextCursor === null ? [] : [`There are more: --cursor ${nextCursor}`];
    return [...table(items), ...more].join('\n');
  });
}

/** How entries are written one by one. */
interface Format {
  readonly head: string;
  readonly line: (entry: AuditEntry) => string;
}

const COLUMNS = [
  'position',
  'occurredAt',
  'actorType',
  'actorId',
  'action',
  'subjectType',
  'subjectId',
  'sessionId',
  'requestId',
  'address',
  'details',
] as const satisfies readonly (keyof AuditEntry)[];

const NDJSON: Format = { head: '', line: entry => `${JSON.stringify(entry)}\n` };
const CSV: Format = {
  head: `${COLUMNS.join(',')}\r\n`,
  line: entry => `${COLUMNS.map(name => csvField(entry[name])).join(',')}\r\n`,
};

/** Page by page, each with a statement of its own: no transaction stays open however slow the reader is. */
async function writeAll(
  db: Queryable,
  search: Search,
  before: number | undefined,
  { head, line }: Format,
  terminal: Terminal,
): Promise<void> {
  if (head !== '') await terminal.write(head);
  for (let position = before; ; ) {
    const entries = await listAudit(db, { ...search, before: position, limit: PAGE });
    const last = entries.at(-1);
    if (last === undefined) return;
    await terminal.write(entries.map(line).join(''));
    position = last.position;
  }
}

/** RFC 4180. What a spreadsheet would take for a formula gets an apostrophe in front. */
function csvField(value: AuditEntry[keyof AuditEntry]): string {
  const plain =
    value instanceof Date
      ? value.toISOString()
      : typeof value === 'object'
        ? JSON.stringify(value)
        : String(value);
  if (value === null) return '';
  const text = /^[=+\-@\t\r]/.test(plain) ? `'${plain}` : plain;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function table(entries: readonly AuditEntry[]): string[] {
  const rows = entries.map(entry => [
    entry.occurredAt.toISOString(),
    entry.actorId === null ? entry.actorType : `${entry.actorType}:${entry.actorId}`,
    entry.action,
    entry.subjectId === null ? entry.subjectType : `${entry.subjectType}:${entry.subjectId}`,
    Object.keys(entry.details).length === 0 ? '' : JSON.stringify(entry.details),
  ]);
  const widths = [0, 1, 2, 3].map(index => Math.max(...rows.map(row => row[index]?.length ?? 0)));
  return rows.map(row =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
