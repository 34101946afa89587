import type { TestContext } from 'node:test';
import { generateKeyring, type JournalEntry, type Keyring, type PasswordHasher } from '@holdfast/auth';
import { type Clock, type Settings, systemClock } from '@holdfast/core';
import type { Pool } from '@holdfast/postgres';
import { type TestDatabase, testDatabase } from '@holdfast/testing';
import type { FastifyInstance } from 'fastify';
import { buildApp, createLogger, type RequestTimeouts } from '../../src/index.ts';
import { captureLog, type LogCapture } from './log-capture.ts';
import { CLIENT_VALUES } from './oauth-client.ts';
import { createPeople, type People } from './people.ts';
import { testSettings } from './settings.ts';

export interface TestApp {
  readonly app: FastifyInstance;
  readonly pool: Pool;
  readonly database: TestDatabase;
  readonly keyring: Keyring;
  readonly settings: Settings;
  readonly people: People;
  /** What the server wrote into its revocation journal. */
  readonly journal: JournalEntry[];
  readonly log: LogCapture;
}

export interface TestAppOptions {
  readonly values?: Readonly<Record<string, string>>;
  readonly pool?: Pool;
  readonly database?: TestDatabase;
  readonly keyring?: Keyring;
  readonly hasher?: PasswordHasher;
  readonly timeouts?: Partial<RequestTimeouts>;
  readonly clock?: Clock;
  readonly append?: (entries: readonly JournalEntry[]) => Promise<void>;
}

/** The app on a database of its own, or on a given one; both are gone after the test. */
export async function testApp(t: TestContext, options: TestAppOptions = {}): Promise<TestApp> {
  let app: FastifyInstance | undefined;
  t.after(() => app?.close());
  const database = options.database ?? (await testDatabase(t));
  const pool = options.pool ?? database.pool;
  const keyring = options.keyring ?? generateKeyring(systemClock);
  const settings = testSettings({
    DATABASE_URL: database.url,
    HOLDFAST_LOG_LEVEL: 'debug',
    ...CLIENT_VALUES,
    ...options.values,
  });
  const log = captureLog();
  const logger = createLogger({ level: settings.logLevel, stream: log.stream });
  const { hasher, timeouts, clock } = options;
  const journal: JournalEntry[] = [];
  const append = options.append ?? (async entries => void journal.push(...entries));
  app = await buildApp({
    settings,
    keyring: () => keyring,
    pool,
    logger,
    journal: { append },
    ...(clock === undefined ? {} : { clock }),
    ...(hasher === undefined ? {} : { hasher }),
    ...(timeouts === undefined ? {} : { timeouts }),
  });
  return {
    app,
    pool,
    database,
    keyring,
    settings,
    people: createPeople(pool, keyring, settings),
    journal,
    log,
  };
}
