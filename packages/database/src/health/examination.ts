import type { Clock } from '@holdfast/core';
import { type Catalog, type Connection, connect, readCatalog } from '@holdfast/postgres';
import type { ServerFacts } from './entry.ts';
import type { ExaminedServer } from './report.ts';
import { readServerFactsRow } from './server-facts-queries.ts';

/** One read-only connection to the examined database, with what is known about the server. */
export interface Examination {
  readonly connection: Connection;
  readonly connectMs: number;
  readonly facts: ServerFacts;
  readonly server: ExaminedServer;
  /** Read once; asked again when reading failed. */
  catalog(): Promise<Catalog>;
}

export interface ExaminationOptions {
  readonly url: string;
  readonly connectTimeoutMs: number;
  /** No statement of the examination may take longer. */
  readonly statementTimeoutMs: number;
  readonly schemas: readonly string[] | undefined;
  readonly clock: Clock;
}

/**
 * Nothing may be written, nobody may wait for us (a lock that is not free within 250 ms is given up), and names are read
 * and shown with their schema. Compiling with JIT costs more than any statement here.
 */
const SETTINGS = `
  set default_transaction_read_only = on;
  set lock_timeout = '250ms';
  set idle_session_timeout = '10min';
  set search_path = pg_catalog, pg_temp;
  set jit = off`;

/** Connects and looks around. Throws `database_unavailable` or `database_timeout`. */
export async function openExamination(options: ExaminationOptions): Promise<Examination> {
  const { url, connectTimeoutMs, statementTimeoutMs, clock } = options;
  const begin = clock.monotonic();
  const connection = await connect({
    url,
    connectTimeoutMs,
    statementTimeoutMs,
    applicationName: 'holdfast-health',
  });
  try {
    const connectMs = Math.round(clock.monotonic() - begin);
    await connection.script(SETTINGS);
    return await lookAround(connection, connectMs, options);
  } catch (error) {
    await connection.close();
    throw error;
  }
}

async function lookAround(
  connection: Connection,
  connectMs: number,
  { schemas }: ExaminationOptions,
): Promise<Examination> {
  const row = await readServerFactsRow(connection);
  const { version, versionText, database, user, superuser, readsStatistics, inRecovery } = row;
  const facts: ServerFacts = {
    ...{ version, database, user, superuser, readsStatistics, inRecovery },
    extensions: new Map(Object.entries(row.extensions)),
    schemas: schemas ?? row.schemas,
  };
  return {
    connection,
    connectMs,
    facts,
    server: { version: versionText, database, user, inRecovery, readsStatistics },
    catalog: readOnce(() => readCatalog(connection, { schemas: facts.schemas })),
  };
}

function readOnce<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | undefined;
  return () => {
    reading ??= read().catch(error => {
      reading = undefined;
      throw error;
    });
    return reading;
  };
}
