import { type ErrorCode, HoldfastError } from '@holdfast/core';
import { type CsvRecord, createCsvReader } from './csv-reader.ts';

/** A record of an import that has not been checked yet, or why there is none. */
export type ImportInput =
  | { readonly kind: 'value'; readonly line: number; readonly value: unknown }
  | {
      readonly kind: 'unreadable';
      readonly line: number;
      readonly code: ErrorCode;
      readonly message: string;
    };

/** Reads the records of an import as its text arrives. */
export interface ImportReader {
  push(text: string): ImportInput[];
  end(): ImportInput[];
}

/** One JSON value a line; lines of white space are skipped. */
export function createNdjsonReader(): ImportReader {
  let rest = '';
  let line = 0;
  const readLine = (text: string): ImportInput[] => {
    line += 1;
    if (text.trim() === '') return [];
    try {
      return [{ kind: 'value', line, value: JSON.parse(text) }];
    } catch {
      return [{ kind: 'unreadable', line, code: 'invalid_json', message: 'The line is not JSON.' }];
    }
  };
  return {
    push: text => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      return lines.flatMap(readLine);
    },
    end: () => readLine(rest),
  };
}

/** @throws HoldfastError `validation_failed` from `push` or `end` when the first record does not name known columns. */
export function createCsvImportReader(columns: ReadonlySet<string>): ImportReader {
  const reader = createCsvReader();
  let header: readonly string[] | undefined;
  const convert = (record: CsvRecord): ImportInput[] => {
    if (header === undefined) {
      header = readHeader(record, columns);
      return [];
    }
    return [toInput(record, header)];
  };
  return {
    push: text => reader.push(text).flatMap(convert),
    end: () => reader.end().flatMap(convert),
  };
}

function readHeader(record: CsvRecord, columns: ReadonlySet<string>): readonly string[] {
  if (record.kind === 'malformed') throw badHeader(record.message);
  const names = record.fields.map(name => name.trim());
  const unknown = names.filter(name => !columns.has(name));
  if (unknown.length > 0) {
    throw badHeader(`The first record must name columns of ${[...columns].join(', ')}.`);
  }
  if (new Set(names).size < names.length) throw badHeader('The first record names a column twice.');
  if (!names.includes('email')) throw badHeader('The first record must name the column email.');
  return names;
}

function badHeader(message: string): HoldfastError {
  return new HoldfastError('validation_failed', message, {
    details: { errors: [{ path: '/body', message }] },
  });
}

function toInput(record: CsvRecord, header: readonly string[]): ImportInput {
  const { line } = record;
  if (record.kind === 'malformed') {
    return { kind: 'unreadable', line, code: 'invalid_request', message: record.message };
  }
  const { fields } = record;
  if (fields.length !== header.length) {
    const message = `The record has ${fields.length} fields, the first record names ${header.length}.`;
    return { kind: 'unreadable', line, code: 'invalid_request', message };
  }
  const cells = header.map((name, index) => [name, cellValue(name, fields[index] ?? '')] as const);
  return { kind: 'value', line, value: Object.fromEntries(cells.filter(([, value]) => value !== undefined)) };
}

/** An empty cell says nothing. */
function cellValue(name: string, text: string): unknown {
  if (text === '') return undefined;
  if (name === 'roles') return text.split(/\s+/).filter(role => role !== '');
  if (name === 'emailVerified') return text === 'true' ? true : text === 'false' ? false : text;
  return text;
}
