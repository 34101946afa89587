import { rm } from 'node:fs/promises';
import { ensureKeyring } from '@holdfast/auth/tokens';
import { systemClock } from '@holdfast/core';
import {
  applySeed,
  migrateUp,
  migrationsDirectory,
  readMigrations,
  seedsDirectory,
} from '@holdfast/database';
import { connect, sql } from '@holdfast/postgres';
import { alternate, type Benchmark, summarize } from './lib/benchmark.ts';
import { startPostgresByHand, until } from './lib/by-hand.ts';
import { CLI, temporaryHome } from './lib/holdfast.ts';
import { startNode } from './lib/process.ts';

const HOLDFAST = 'holdfast start';
const BY_HAND = 'initdb, postgres, migrations, holdfast serve by hand';

/** From an empty state directory to an answering /health. */
export const coldStart: Benchmark = {
  name: 'cold-start',
  run: async ({ rounds, progress }) => {
    const sides = [
      { name: HOLDFAST, measure: () => inTemporaryHome(startHoldfast) },
      { name: BY_HAND, measure: () => inTemporaryHome(startByHand) },
    ];
    const samples = await alternate(sides, rounds, progress);
    const notes = [
      'Seconds from an empty state directory until /health answers 200; files are in the page cache.',
      'By hand there is no keeper, no administrator and no durable sync beyond the one of initdb.',
    ];
    const targets = [{ side: HOLDFAST, baseline: BY_HAND, target: '≤ 1.3, and under 5 s' }];
    return summarize({ benchmark: 'cold-start', unit: 'seconds', rounds, notes }, samples, targets);
  },
};

type Start = (home: string) => Promise<{ url: string; stop: () => Promise<void> }>;

async function inTemporaryHome(start: Start): Promise<number> {
  const home = await temporaryHome();
  try {
    const startedAt = performance.now();
    const { url, stop } = await start(home);
    const seconds = await secondsUntilHealthy(url, startedAt).finally(stop);
    return seconds;
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function secondsUntilHealthy(url: string, startedAt: number): Promise<number> {
  await until(url, async () => ((await fetch(`${url}/health`)).ok ? true : undefined));
  return (performance.now() - startedAt) / 1000;
}

const startHoldfast: Start = async home => {
  const { ready, stop } = await startNode({ args: [CLI, 'start', '--json', '--port', '0', '--home', home] });
  return { url: String(ready.url), stop };
};

const startByHand: Start = async home => {
  const postgres = await startPostgresByHand(home);
  const url = await prepareDatabase(postgres.url, home);
  const server = await startNode({
    args: [CLI, 'serve', '--json', '--port', '0', '--home', home],
    env: { DATABASE_URL: url },
  });
  const stop = async () => {
    await server.stop();
    await postgres.stop();
  };
  return { url: String(server.ready.url), stop };
};

async function prepareDatabase(adminUrl: string, home: string): Promise<string> {
  const admin = await connect({ url: adminUrl });
  await admin.query(sql`create database holdfast`);
  await admin.close();
  const url = adminUrl.replace(/[^/]+$/, 'holdfast');
  const connection = await connect({ url });
  await migrateUp({
    connection,
    migrations: await readMigrations(migrationsDirectory()),
    appVersion: 'bench',
  });
  await applySeed({ connection, dir: seedsDirectory(), name: 'built-in', environment: 'development' });
  await connection.close();
  await ensureKeyring(home, systemClock);
  return url;
}
