import { databaseError, trouble } from '../database-errors.ts';
import { protocolViolation, readColumns, readRow } from './backend-message.ts';
import type { MessageChannel } from './message-channel.ts';

/** What one command returned. Fields are as they came: text, but for the content of a history file. */
export type ResultRow = ReadonlyMap<string, Buffer | null>;

/** Sends a command; the answer is read by the functions below. */
export function sendCommand(channel: MessageChannel, text: string): void {
  channel.send('Q', `${text}\0`);
}

export const COMMAND_DEADLINE_MS = 30_000;

/**
 * Sends a command that returns one set of rows at most, and reads its whole answer. After a refusal the connection can go
 * on; after anything else, and when there is no answer within the deadline, it is closed.
 */
export async function runCommand(
  channel: MessageChannel,
  text: string,
  deadlineMs: number = COMMAND_DEADLINE_MS,
): Promise<readonly ResultRow[]> {
  return withDeadline(channel, deadlineMs, async () => {
    sendCommand(channel, text);
    try {
      const rows = await readResult(channel);
      await expectReady(channel);
      return rows;
    } catch (error) {
      if (databaseError(error) === undefined) hangUp(channel, error);
      else await skipToReady(channel);
      throw error;
    }
  });
}

/** Closes the connection when the work is not done in time, which then fails with `database_timeout`. */
export async function withDeadline<T>(
  channel: MessageChannel,
  deadlineMs: number,
  work: () => Promise<T>,
): Promise<T> {
  const expire = (): void => {
    const text = `The database did not answer within ${deadlineMs} ms; the replication connection was closed`;
    channel.destroy(trouble('database_timeout', text));
  };
  const timer = setTimeout(expire, deadlineMs);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}

/** Reads one set of rows up to its end; none when the command has no rows. */
export async function readResult(channel: MessageChannel): Promise<readonly ResultRow[]> {
  const rows: ResultRow[] = [];
  let columns: readonly string[] | undefined;
  for (;;) {
    const { type, body } = await channel.next();
    if (type === 'C') return rows;
    if (type === 'T' && columns === undefined) columns = readColumns(body);
    else if (type === 'D' && columns !== undefined) rows.push(toRow(columns, readRow(body)));
    else throw protocolViolation(`message "${type}" among the rows of a result`);
  }
}

export function toRow(columns: readonly string[], fields: readonly (Buffer | null)[]): ResultRow {
  if (fields.length !== columns.length) {
    throw protocolViolation(`${fields.length} fields in a row of ${columns.length}`);
  }
  return new Map(columns.map((name, index) => [name, fields[index] ?? null]));
}

/** Reads the end of a command's answer. */
export async function expectReady(channel: MessageChannel): Promise<void> {
  for (;;) {
    const { type } = await channel.next();
    if (type === 'Z') return;
    // BASE_BACKUP and START_REPLICATION say twice that they are complete
    if (type !== 'C') throw protocolViolation(`message "${type}" after the end of a result`);
  }
}

/** After an error the connection is good again once the server says so; when it never does, nobody may use it. */
async function skipToReady(channel: MessageChannel): Promise<void> {
  try {
    while ((await channel.next()).type !== 'Z');
  } catch (error) {
    hangUp(channel, error);
  }
}

function hangUp(channel: MessageChannel, error: unknown): void {
  channel.destroy(error instanceof Error ? error : new Error(String(error)));
}

/** The text of a field that must be there. */
export function field(row: ResultRow | undefined, name: string): string {
  const value = optionalField(row, name);
  if (value === null) throw protocolViolation(`an answer without ${name}`);
  return value;
}

export function optionalField(row: ResultRow | undefined, name: string): string | null {
  return row?.get(name)?.toString('utf8') ?? null;
}

/** A positive whole number in a field that must be there. */
export function numberField(row: ResultRow | undefined, name: string): number {
  const value = Number(field(row, name));
  if (!Number.isSafeInteger(value) || value < 0) throw protocolViolation(`${name} is no number`);
  return value;
}
