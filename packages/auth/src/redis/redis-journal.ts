import { errorMessage, HoldfastError } from '@holdfast/core';
import type { JournalEntry, RevocationJournal } from '../recovery/index.ts';
import { parseJournalEntry } from '../recovery/revocation-journal.ts';
import { createRedisClient, endRedisClient, type RedisOptions } from './redis-client.ts';

const STREAM = 'holdfast:revocation-journal';
const PAGE = 1_000;

/**
 * A revocation journal in a Redis stream, for replicas that share no file system. As durable as that Redis is: run it
 * with `appendonly yes` and `appendfsync always`, or keep the file journal as well.
 */
export function openRedisJournal(options: RedisOptions): RevocationJournal {
  const client = createRedisClient(options);
  let connecting: Promise<unknown> | undefined;
  return {
    append: async entries => {
      try {
        connecting ??= client.connect();
        await connecting;
        await Promise.all(entries.map(entry => client.xAdd(STREAM, '*', { entry: JSON.stringify(entry) })));
      } catch (error) {
        if (!client.isOpen) connecting = undefined;
        const message = `The revocation journal in Redis cannot be written (${errorMessage(error)}), so nothing was revoked.`;
        throw new HoldfastError('journal_unavailable', message, { cause: error, retryAfter: 5 });
      }
    },
    close: async () => endRedisClient(client),
  };
}

/** All entries of the stream, in the order of writing. */
export async function readRedisJournal(
  options: RedisOptions,
): Promise<{ entries: JournalEntry[]; damaged: number }> {
  const client = createRedisClient(options);
  await client.connect();
  try {
    const entries: JournalEntry[] = [];
    let damaged = 0;
    for (let start = '-'; ; ) {
      const page = (await client.xRange(STREAM, start, '+', { COUNT: PAGE })) ?? [];
      for (const { message } of page) {
        const entry = parseJournalEntry(message.entry ?? '');
        if (entry === undefined) damaged += 1;
        else entries.push(entry);
      }
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return { entries, damaged };
      start = `(${last.id}`;
    }
  } finally {
    endRedisClient(client);
  }
}
