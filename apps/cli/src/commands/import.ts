import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type ImportedAccount, type ImportProblem, importAccounts } from '@holdfast/auth/accounts';
import { createPasswordHasher } from '@holdfast/auth/passwords';
import { errorMessage, HoldfastError, newId } from '@holdfast/core';
import type { Connection } from '@holdfast/postgres';
import { createRecordValidator, type ImportFormat, readImport } from '@holdfast/server/import';
import { defineCommand, type OptionDefinitions, type OptionValues } from '../command.ts';
import { withOwnerConnection } from '../database-access.ts';
import { onHoldfastTables } from '../holdfast-tables.ts';
import type { Terminal } from '../terminal.ts';

const OPTIONS = {
  format: { type: 'string', value: 'csv|ndjson', description: 'what FILE holds (default: by its name)' },
  atomic: { type: 'boolean', description: 'import every account or none' },
  'dry-run': { type: 'boolean', description: 'find out what would become of each line, and change nothing' },
  'batch-size': {
    type: 'string',
    value: 'ROWS',
    description: 'accounts of one transaction (default: what is fastest)',
  },
} as const satisfies OptionDefinitions;

/** What an import came to. */
interface ImportSummary {
  readonly dryRun: boolean;
  imported: number;
  failed: number;
  /** The first of them, by line. */
  readonly errors: ImportProblem[];
}

/** An input that is wrong from end to end is not answered with a message for each of its lines. */
const MAX_ERRORS = 1_000;
const SHOWN_ERRORS = 20;
/** Accounts in memory at once, unless they have to be imported all together. */
const CHUNK = 50_000;

/** `holdfast import users FILE`: the bulk import of the API, without the API. */
export const importAccountsFile = defineCommand({
  usage: 'users FILE',
  description:
    'Imports accounts from CSV or from lines of JSON with the members email, displayName, emailVerified, roles, and password or passwordHash (an Argon2id PHC string, which needs no hashing here and is therefore a hundred times as fast). In CSV the first record names the columns, and roles are separated by spaces. A line that cannot be imported is reported with its number and hinders no other; an address that exists is left alone, so importing a file again changes nothing. FILE may be - for the standard input.',
  maxPositionals: 2,
  options: OPTIONS,
  examples: [
    ['holdfast import users people.csv --dry-run', 'what is wrong with the file'],
    ['holdfast import users people.ndjson --atomic', 'all of it or nothing'],
    ['pg_dump-to-ndjson | holdfast import users - --format ndjson', 'from another program'],
  ],
  exitStatus: [
    [0, 'every line was imported'],
    [1, 'some lines were not, and are listed; with --atomic none was'],
    [2, 'the file cannot be read, or a setting or an option is wrong'],
    [3, 'the database is not available'],
  ],
  run: async ({ options, positionals, configuration, terminal }) => {
    const file = fileOf(positionals);
    const format = formatOf(options.format, file);
    if (file !== '-') await assertReadable(file);
    const summary = await withOwnerConnection(configuration(), terminal, connection =>
      onHoldfastTables(() => importFile({ connection, options, terminal, file, format })),
    );
    terminal.result(summary, () => summaryText(summary));
    return summary.failed > 0 ? 1 : 0;
  },
});

function fileOf([what, file]: readonly string[]): string {
  if (what !== 'users') {
    throw new HoldfastError('usage', `What is to be imported? There is: holdfast import users FILE.`);
  }
  if (file === undefined)
    throw new HoldfastError('usage', 'The file is missing: holdfast import users FILE.');
  return file;
}

function formatOf(text: string | undefined, file: string): ImportFormat {
  const extension = /\.(csv|ndjson|jsonl)$/i.exec(file)?.[1]?.toLowerCase();
  const format = text ?? (extension === 'jsonl' ? 'ndjson' : extension);
  if (format === 'csv' || format === 'ndjson') return format;
  throw new HoldfastError('usage', 'Say with --format csv or --format ndjson what the file holds.');
}

async function assertReadable(file: string): Promise<void> {
  try {
    if ((await stat(file)).isDirectory()) throw new Error('it is a directory');
  } catch (cause) {
    throw new HoldfastError('usage', `${file} cannot be read: ${errorMessage(cause)}.`, { cause });
  }
}

interface FileImport {
  readonly connection: Connection;
  readonly options: OptionValues<typeof OPTIONS>;
  readonly terminal: Terminal;
  readonly file: string;
  readonly format: ImportFormat;
}

async function importFile({
  connection,
  options,
  terminal,
  file,
  format,
}: FileImport): Promise<ImportSummary> {
  const summary: ImportSummary = { dryRun: options['dry-run'] === true, imported: 0, failed: 0, errors: [] };
  const together = options.atomic === true || summary.dryRun;
  const hasher = createPasswordHasher();
  const actor = { type: 'operator', id: null, requestId: newId() } as const;
  const batchSize = batchSizeOf(options['batch-size']);
  let lines = 0;
  const importChunk = async (accounts: readonly ImportedAccount[]): Promise<void> => {
    const { imported, problems } = await importAccounts({ pool: connection, hasher }, actor, accounts, {
      mode: options.atomic === true ? 'atomic' : 'batch',
      // what is wrong with a line that was never an account spoils the whole just as well
      dryRun: summary.dryRun || (options.atomic === true && summary.failed > 0),
      batchSize,
      onProgress: count => terminal.progress(`${lines + count} accounts`),
    });
    lines += accounts.length;
    summary.imported += imported;
    for (const problem of problems) fail(summary, problem);
  };
  let chunk: ImportedAccount[] = [];
  const source = file === '-' ? process.stdin : createReadStream(file);
  for await (const record of readImport(source, format, createRecordValidator())) {
    if ('code' in record) fail(summary, record);
    else chunk.push(record);
    if (together || chunk.length < CHUNK) continue;
    await importChunk(chunk);
    chunk = [];
  }
  if (chunk.length > 0) await importChunk(chunk);
  if (options.atomic === true && summary.failed > 0) summary.imported = 0;
  summary.errors.sort((a, b) => a.line - b.line);
  return summary;
}

function batchSizeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const size = Number(text);
  if (Number.isInteger(size) && size > 0 && size <= 100_000) return size;
  throw new HoldfastError('usage', '--batch-size must be a whole number from 1 to 100000.');
}

function fail(summary: ImportSummary, problem: ImportProblem): void {
  summary.failed += 1;
  if (summary.errors.length < MAX_ERRORS) summary.errors.push(problem);
}

function summaryText({ dryRun, imported, failed, errors }: ImportSummary): string {
  if (imported === 0 && failed === 0) return 'There is no account in it; nothing was imported.';
  const done = `${imported} accounts ${dryRun ? 'would be imported; nothing was changed' : 'imported'}.`;
  if (failed === 0) return done;
  const lines = errors
    .slice(0, SHOWN_ERRORS)
    .map(({ line, code, message }) => `  line ${line}: ${message} (${code})`);
  const more =
    failed > lines.length ? [`  … and ${failed - lines.length} more; --json lists up to ${MAX_ERRORS}.`] : [];
  return [done, `${failed} lines ${dryRun ? 'would not be' : 'were not'}:`, ...lines, ...more].join('\n');
}
