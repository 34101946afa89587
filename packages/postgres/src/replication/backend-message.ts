import { HoldfastError } from '@holdfast/core';
import { DatabaseError } from 'pg';

/** One message of the server (manual, chapter "Message Formats"): its type byte as a letter, and what follows the length. */
export interface BackendMessage {
  readonly type: string;
  readonly body: Buffer;
}

/** What the server sends that no reading of this protocol explains. */
export function protocolViolation(what: string): HoldfastError {
  return new HoldfastError(
    'replication_failed',
    `The server broke the replication protocol: ${what}. Is something between Holdfast and PostgreSQL that does not understand it, such as a connection pooler? Connect to PostgreSQL directly`,
  );
}

const TEXT_FIELDS = {
  S: 'severity',
  C: 'code',
  D: 'detail',
  H: 'hint',
  W: 'where',
  s: 'schema',
  t: 'table',
  c: 'column',
  n: 'constraint',
  F: 'file',
  L: 'line',
  R: 'routine',
} as const;

/** The driver's own error for an ErrorResponse, so that `sqlState` and all that judges errors see no difference. */
export function readError(body: Buffer): DatabaseError {
  const fields = new Map<string, string>();
  let at = 0;
  while (at < body.length && body[at] !== 0) {
    const end = body.indexOf(0, at + 1);
    if (end < 0) throw protocolViolation('an error message without an end');
    fields.set(String.fromCharCode(body[at] ?? 0), body.toString('utf8', at + 1, end));
    at = end + 1;
  }
  const error = new DatabaseError(fields.get('M') ?? 'unknown error', body.length, 'error');
  for (const [letter, name] of Object.entries(TEXT_FIELDS)) error[name] = fields.get(letter);
  return error;
}

/** The names of the columns of a RowDescription. */
export function readColumns(body: Buffer): readonly string[] {
  return within('a row description', () => {
    const columns: string[] = [];
    let at = 2;
    for (let left = body.readInt16BE(0); left > 0; left -= 1) {
      const end = body.indexOf(0, at);
      if (end < 0) throw new RangeError('no end');
      columns.push(body.toString('utf8', at, end));
      at = end + 19;
    }
    if (at !== body.length) throw new RangeError('wrong length');
    return columns;
  });
}

/** The fields of a DataRow as they came. */
export function readRow(body: Buffer): readonly (Buffer | null)[] {
  return within('a row', () => {
    const fields: (Buffer | null)[] = [];
    let at = 2;
    for (let left = body.readInt16BE(0); left > 0; left -= 1) {
      const length = body.readInt32BE(at);
      at += 4;
      if (length > body.length - at) throw new RangeError('too long');
      fields.push(length < 0 ? null : body.subarray(at, at + length));
      at += Math.max(0, length);
    }
    if (at !== body.length) throw new RangeError('wrong length');
    return fields;
  });
}

/** Reading past the end of a message is the server's mistake, not ours. */
export function within<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw protocolViolation(`${what} of the wrong length`);
    throw error;
  }
}
