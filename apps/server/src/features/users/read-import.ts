import type { ImportedAccount } from '@holdfast/auth';
import { type ImportError, ImportRecord } from '@holdfast/contract';
import { createCsvImportReader, createNdjsonReader, type ImportInput } from './import-reader.ts';

/** What a file or a body of accounts is written in. */
export type ImportFormat = 'csv' | 'ndjson';

/** A validator of records: what is wrong with a value, worst first, in the words of the API; empty when nothing is. */
export type RecordValidator = (
  value: unknown,
) => readonly { readonly path: string; readonly message: string }[];

const COLUMNS: ReadonlySet<string> = new Set(Object.keys(ImportRecord.properties));

/**
 * The accounts of an input as it arrives, and an error in the place of each record that is none. Of the text only what is
 * not complete yet is kept.
 * @throws HoldfastError `validation_failed` when the first record of a CSV does not name known columns.
 */
export async function* readImport(
  source: AsyncIterable<Uint8Array>,
  format: ImportFormat,
  validate: RecordValidator,
): AsyncGenerator<ImportedAccount | ImportError, void, undefined> {
  const reader = format === 'csv' ? createCsvImportReader(COLUMNS) : createNdjsonReader();
  const decoder = new TextDecoder();
  for await (const chunk of source) {
    for (const input of reader.push(decoder.decode(chunk, { stream: true })))
      yield checkRecord(input, validate);
  }
  for (const input of reader.push(decoder.decode())) yield checkRecord(input, validate);
  for (const input of reader.end()) yield checkRecord(input, validate);
}

function checkRecord(input: ImportInput, validate: RecordValidator): ImportedAccount | ImportError {
  const { line } = input;
  if (input.kind === 'unreadable') return { line, code: input.code, message: input.message };
  const problems = validate(input.value);
  const [item] = problems;
  if (item === undefined) return { ...(input.value as ImportRecord), line };
  const field = item.path.split('/')[1];
  const message = `${field ?? 'The record'} ${item.message}.`;
  return { line, code: 'validation_failed', message, ...(field === undefined ? {} : { field }) };
}
