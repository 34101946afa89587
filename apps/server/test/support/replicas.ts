import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { generateKeyring, type Keyring, keyringPath, writeKeyring } from '@holdfast/auth';
import type { OperationId } from '@holdfast/contract';
import { type Clock, type Settings, systemClock } from '@holdfast/core';
import { type TestDatabase, testDatabase } from '@holdfast/testing';
import { createLogger, type RunningServer, startServer } from '../../src/index.ts';
import type { SeenResponse } from './conformance.ts';
import { captureLog, type LogCapture } from './log-capture.ts';
import { CLIENT_VALUES } from './oauth-client.ts';
import { createPeople, type People } from './people.ts';
import { requestOf, type Sample } from './requests.ts';
import { testSettings } from './settings.ts';

/** One listening server of several on the same database. */
export interface Replica {
  readonly server: RunningServer;
  readonly url: string;
  readonly home: string;
  readonly settings: Settings;
  readonly log: LogCapture;
  call(id: OperationId, sample?: Sample): Promise<SeenResponse>;
  /** Replaces the keyring file of this replica alone. */
  setKeyring(keyring: Keyring): Promise<void>;
}

export interface ReplicaOptions {
  readonly database: TestDatabase;
  readonly keyring: Keyring;
  readonly values?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  /** Default: a free one. */
  readonly port?: number;
}

export async function startReplica(t: TestContext, options: ReplicaOptions): Promise<Replica> {
  const { database, keyring, values, clock, port = 0 } = options;
  const home = await mkdtemp(join(tmpdir(), 'hf-replica-'));
  t.after(() => rm(home, { recursive: true, force: true }));
  const setKeyring = (replacement: Keyring): Promise<void> => writeKeyring(keyringPath(home), replacement);
  await setKeyring(keyring);
  const settings = testSettings({ DATABASE_URL: database.url, ...CLIENT_VALUES, ...values });
  const log = captureLog();
  const logger = createLogger({ level: 'debug', stream: log.stream });
  const server = await startServer({
    settings,
    home,
    logger,
    port,
    ...(clock === undefined ? {} : { clock }),
  });
  t.after(() => server.close());
  const { url } = server;
  return { server, url, home, settings, log, setKeyring, call: (id, sample) => callAt(url, id, sample) };
}

/** Two replicas of the same system, and people who sign in there. */
export interface Pair {
  readonly database: TestDatabase;
  readonly keyring: Keyring;
  readonly a: Replica;
  readonly b: Replica;
  readonly people: People;
}

export async function startPair(
  t: TestContext,
  values: Readonly<Record<string, string>> = {},
  of: { readonly a?: Partial<ReplicaOptions>; readonly b?: Partial<ReplicaOptions> } = {},
): Promise<Pair> {
  const database = await testDatabase(t);
  const keyring = generateKeyring(systemClock);
  const start = (options: Partial<ReplicaOptions> = {}): Promise<Replica> =>
    startReplica(t, { database, keyring, ...options, values: { ...values, ...options.values } });
  const [a, b] = await Promise.all([start(of.a), start(of.b)]);
  return { database, keyring, a, b, people: createPeople(database.pool, keyring, a.settings) };
}

export async function callAt(url: string, id: OperationId, sample: Sample = {}): Promise<SeenResponse> {
  const request = requestOf(id, sample);
  const response = await fetch(new URL(request.url, url), {
    method: request.method,
    headers: request.headers,
    body: request.body ?? null,
    signal: AbortSignal.timeout(30_000),
  });
  return {
    status: response.status,
    headers: { ...Object.fromEntries(response.headers), 'set-cookie': response.headers.getSetCookie() },
    body: await response.text(),
  };
}

/** The system's clock, set wrong by `ms`. */
export function skewedClock(ms: number): Clock {
  return { ...systemClock, now: () => systemClock.now() + ms };
}
