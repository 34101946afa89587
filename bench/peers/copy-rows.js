// COPY as its documentation shows it: one pg client, pg-copy-streams, one stream of lines into the table.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from } from 'pg-copy-streams';

export async function openClient(connectionString) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  return client;
}

/** Every value is a text without tabs, line breaks and backslashes, or null; so nothing is escaped. */
export async function copyRows(client, table, columns, rows) {
  const copy = client.query(from(`copy ${table} (${columns.join(', ')}) from stdin`));
  await pipeline(Readable.from(lines(rows)), copy);
}

/** Pieces of 64 KiB: a write for every row would be several times slower. */
function* lines(rows) {
  let chunk = '';
  for (const row of rows) {
    chunk += `${row.map(value => value ?? '\\N').join('\t')}\n`;
    if (chunk.length < 65_536) continue;
    yield chunk;
    chunk = '';
  }
  yield chunk;
}
