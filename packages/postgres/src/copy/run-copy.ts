import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { HoldfastError } from '@holdfast/core';
import type { Client } from 'pg';
import { type CopyStreamQuery, type CopyToStreamQuery, from, to } from 'pg-copy-streams';
import { databaseTrouble, trouble } from '../database-errors.ts';
import { hangUp } from '../run-statement.ts';
import type { SqlQuery } from '../sql.ts';
import type { CopySource } from './copy-source.ts';

/**
 * Sends what the source yields as the data of a `copy … from stdin`, with back pressure, and returns how many rows the
 * server took. After `deadlineMs` (0: never) the connection is hung up on. An error of the source makes the COPY fail.
 */
export async function sendCopy(
  client: Client,
  query: SqlQuery<unknown>,
  source: CopySource,
  deadlineMs: number,
): Promise<number> {
  const copy: CopyStreamQuery = client.query(from(copyText(query)));
  await guarded(client, deadlineMs, () =>
    pipeline(Readable.from(source, { objectMode: true, highWaterMark: 2 }), copy),
  );
  return copy.rowCount;
}

/**
 * Yields the data of a `copy … to stdout` as it arrives; nothing is read ahead of the consumer beyond a buffer. Whoever
 * stops early ends the connection, since the rest of the data would have to be read first.
 */
export async function* receiveCopy(
  client: Client,
  query: SqlQuery<unknown>,
  deadlineMs: number,
): AsyncGenerator<Buffer, void, undefined> {
  const copy: CopyToStreamQuery = client.query(to(copyText(query)));
  const timer = deadlineMs > 0 ? setTimeout(hangUp, deadlineMs, client) : undefined;
  let finished = false;
  try {
    for await (const chunk of copy) yield chunk as Buffer;
    finished = true;
  } catch (error) {
    finished = true;
    throw databaseTrouble(error) ?? error;
  } finally {
    clearTimeout(timer);
    if (!finished) hangUp(client);
  }
}

function copyText({ text, values }: SqlQuery<unknown>): string {
  if (values.length === 0) return text;
  throw new HoldfastError('internal', 'COPY takes no parameters; write values with sql.literal');
}

async function guarded(client: Client, deadlineMs: number, work: () => Promise<void>): Promise<void> {
  const expired = Promise.withResolvers<never>();
  const expire = (): void => {
    const text = `The database did not finish a COPY within ${deadlineMs} ms; the connection was closed`;
    expired.reject(trouble('database_timeout', text));
    hangUp(client);
  };
  const timer = deadlineMs > 0 ? setTimeout(expire, deadlineMs) : undefined;
  try {
    await Promise.race([work(), expired.promise]);
  } catch (error) {
    throw databaseTrouble(error) ?? error;
  } finally {
    clearTimeout(timer);
  }
}
