import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { sqlFileError } from './sql-file-error.ts';

/**
 * The text of an SQL file in its one normal form: UTF-8, no byte order mark, lines ended by a line feed. Both the checksum and
 * the statements sent are taken from this form, so that a checkout with other line endings is the same migration. For a file
 * without a mark and without carriage returns the form is the file itself.
 * @throws `sql_file_invalid` for bytes that are no UTF-8, and for NUL, which PostgreSQL cannot store.
 */
export async function readSqlFile(path: string): Promise<string> {
  return normalSqlText(basename(path), await readFile(path));
}

/** @see readSqlFile */
export function normalSqlText(file: string, bytes: Uint8Array): string {
  const text = decode(file, bytes).replaceAll('\r\n', '\n');
  const nul = text.indexOf('\0');
  if (nul !== -1) {
    throw sqlFileError(
      file,
      text.slice(0, nul).split('\n').length,
      'a NUL character; is this a UTF-16 file?',
    );
  }
  return text;
}

function decode(file: string, bytes: Uint8Array): string {
  try {
    // the decoder removes a byte order mark
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw sqlFileError(file, undefined, 'not UTF-8; save it as UTF-8');
  }
}
