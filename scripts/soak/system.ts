import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPasswordHasher } from '@holdfast/auth/passwords';
import { ensureKeyring, keyringPath } from '@holdfast/auth/tokens';
import { newId, type Random, systemClock } from '@holdfast/core';
import { migrationsDirectory, seedsDirectory } from '@holdfast/database';
import { migrateUp, readMigrations } from '@holdfast/database/migrate';
import { applySeed } from '@holdfast/database/seed';
import { connect, sql } from '@holdfast/postgres';
import { type FaultProxy, startFaultProxy } from '@holdfast/testing';
import { type Postgres, startPostgres } from './postgres.ts';
import { createReplica, type Replica } from './replica.ts';
import type { Tally } from './tally.ts';

/** One PostgreSQL, two replicas of the server, and a lossy way to each of them. */
export interface SoakSystem {
  readonly home: string;
  readonly postgres: Postgres;
  readonly replicas: readonly [Replica, Replica];
  readonly proxies: readonly [FaultProxy, FaultProxy];
  readonly emails: readonly string[];
  /** What the command line needs to find this system. */
  readonly variables: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export interface SystemOptions {
  readonly accounts: number;
  readonly accessTokenTtl: string;
  /** The part of answers that never arrive. */
  readonly loss: number;
  /** Leaves the directory with its logs, journal and database behind. */
  readonly keep: boolean;
}

export const PASSWORD = 'seven quiet lanterns drift';

export async function startSystem(options: SystemOptions, random: Random, tally: Tally): Promise<SoakSystem> {
  const home = await mkdtemp(join(tmpdir(), 'hf-soak-'));
  // run by root, PostgreSQL is another user and must get in
  await chmod(home, 0o755);
  await mkdir(join(home, 'logs'), { recursive: true });
  const closing: (() => Promise<unknown> | unknown)[] = [
    async () => (options.keep ? undefined : rm(home, { recursive: true, force: true, maxRetries: 5 })),
  ];
  const close = async (): Promise<void> => {
    for (let end = closing.pop(); end !== undefined; end = closing.pop()) {
      await Promise.resolve(end()).catch(error => tally.violate('failuresOfTheHarness', `closing: ${error}`));
    }
  };
  try {
    await ensureKeyring(home, systemClock);
    const postgres = await startPostgres(home, join(home, 'shared'));
    closing.push(() => postgres.stop('immediate'));
    const emails = await prepareDatabase(postgres, options.accounts);
    const variables = serverVariables(home, postgres, options.accessTokenTtl);
    const replica = (name: string): Replica =>
      createReplica({
        name,
        home: join(home, name),
        variables,
        onDeath: how => tally.violate('replicasThatDied', how),
      });
    const replicas = [replica('replica-1'), replica('replica-2')] as const;
    closing.push(() => Promise.all(replicas.map(each => each.kill())));
    await Promise.all(replicas.map(each => each.start()));
    const losses = random.fork();
    const proxy = (behind: Replica): Promise<FaultProxy> =>
      startFaultProxy({ target: behind.url, dropAnswer: () => losses.chance(options.loss) });
    const proxies = [await proxy(replicas[0]), await proxy(replicas[1])] as const;
    closing.push(() => Promise.all(proxies.map(each => each.close())));
    return { home, postgres, replicas, proxies, emails, variables, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function serverVariables(home: string, postgres: Postgres, accessTokenTtl: string): Record<string, string> {
  return {
    NODE_ENV: 'production',
    DATABASE_URL: postgres.cluster().appUrl,
    HOLDFAST_PORT: '0',
    HOLDFAST_KEYRING: keyringPath(home),
    HOLDFAST_REVOCATION_JOURNAL: join(home, 'revocations.ndjson'),
    HOLDFAST_ACCESS_TOKEN_TTL: accessTokenTtl,
    HOLDFAST_LOG_LEVEL: 'warn',
  };
}

/** Accounts share one password, so that it is hashed once. */
async function prepareDatabase(postgres: Postgres, accounts: number): Promise<string[]> {
  const emails = Array.from({ length: accounts }, (_, index) => `client-${index}@example.com`);
  const hash = await createPasswordHasher().hash(PASSWORD);
  const connection = await connect({ url: postgres.cluster().ownerUrl });
  try {
    await migrateUp({
      connection,
      migrations: await readMigrations(migrationsDirectory()),
      appVersion: 'soak',
    });
    await applySeed({ connection, dir: seedsDirectory(), name: 'built-in', environment: 'test' });
    const rows = emails.map(email => ({ id: newId(), email, hash }));
    await connection.execute(sql`
      with given as (
        select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as row (id uuid, email text, hash text)
      ),
      accounts as (insert into users (id, email) select id, email from given),
      profiles as (insert into user_profiles (user_id) select id from given)
      insert into password_credentials (user_id, hash) select id, hash from given
    `);
    return emails;
  } finally {
    await connection.close();
  }
}
