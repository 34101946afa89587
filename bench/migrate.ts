import { execFile, execFileSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connect, sql } from '@holdfast/postgres';
import { alternate, type Benchmark, type Side, summarize } from './lib/benchmark.ts';
import { startPostgresByHand } from './lib/by-hand.ts';
import { CLI, temporaryHome } from './lib/holdfast.ts';
import { writeMigrations } from './lib/migration-files.ts';

const run = promisify(execFile);
const FILES = 100;
const PEER = join(import.meta.dirname, 'peers/node-pg-migrate.js');
const SIDES = {
  holdfast: 'holdfast migrate',
  dbmate: 'dbmate up',
  nodePgMigrate: 'node-pg-migrate, a transaction each',
  nothing: 'holdfast migrate, nothing to do',
} as const;

/** A hundred files into an empty database, from the start of the process to its end. */
export const migrate: Benchmark = {
  name: 'migrate',
  run: async ({ rounds, progress }) => {
    const home = await temporaryHome();
    const postgres = await startPostgresByHand(home);
    try {
      const shared = await writeMigrations(join(home, 'dbmate'), 'dbmate', FILES);
      const others = await writeMigrations(join(home, 'node-pg-migrate'), 'node-pg-migrate', FILES);
      const database = createDatabases(postgres.url);
      const before = loadavg()[0] ?? 0;
      const sides = makeSides(shared, others, database);
      // the first start of each fills the caches that every later one uses
      for (const side of sides) await side.measure();
      const samples = await alternate(sides, rounds, progress);
      const load = `${before.toFixed(1)} before and ${(loadavg()[0] ?? 0).toFixed(1)} after`;
      const notes = [
        `Milliseconds of a whole process that brings an empty database through ${FILES} files; PostgreSQL 18 with fsync on.`,
        'Holdfast runs from its sources; dbmate is the Go program itself, without its launcher.',
        `Load average of the machine (1 minute): ${load}.`,
      ];
      const targets = [SIDES.dbmate, SIDES.nodePgMigrate].map(baseline => {
        return { side: SIDES.holdfast, baseline, target: '≤ 1.0' };
      });
      return summarize({ benchmark: 'migrate', unit: 'ms', rounds, notes }, samples, targets);
    } finally {
      await postgres.stop();
      await rm(home, { recursive: true, force: true });
    }
  },
};

function makeSides(shared: string, others: string, database: () => Promise<string>): Side[] {
  const holdfast = (url: string): Promise<unknown> =>
    run(process.execPath, [CLI, 'migrate', '--migrations', shared, '--database-url', url, '--no-env-file']);
  const binary = dbmateBinary();
  const dbmate = (url: string): Promise<unknown> => {
    const args = ['--url', `${url}?sslmode=disable`, '--migrations-dir', shared, '--no-dump-schema', 'up'];
    return run(binary, args);
  };
  const side = (name: string, work: (url: string) => Promise<unknown>): Side => ({
    name,
    measure: async () => timed(work, await database()),
  });
  return [
    side(SIDES.holdfast, holdfast),
    side(SIDES.dbmate, dbmate),
    side(SIDES.nodePgMigrate, url => run(process.execPath, [PEER, url, others])),
    {
      name: SIDES.nothing,
      measure: async () => {
        const url = await database();
        await holdfast(url);
        return timed(holdfast, url);
      },
    },
  ];
}

async function timed(work: (url: string) => Promise<unknown>, url: string): Promise<number> {
  const begin = performance.now();
  await work(url);
  return performance.now() - begin;
}

/** A new empty database each time; earlier ones are dropped, so that none is measured with another's rubbish. */
function createDatabases(adminUrl: string): () => Promise<string> {
  let number = 0;
  return async () => {
    number += 1;
    const admin = await connect({ url: adminUrl });
    await admin.query(sql`drop database if exists ${sql.id(`bench_${number - 1}`)} with (force)`);
    await admin.query(sql`create database ${sql.id(`bench_${number}`)}`);
    await admin.query(sql`checkpoint`);
    await admin.close();
    return adminUrl.replace(/[^/]+$/, `bench_${number}`);
  };
}

/** Found where it is run: the peers are not installed with the rest. */
function dbmateBinary(): string {
  return execFileSync(process.execPath, [join(import.meta.dirname, 'peers/dbmate-binary.js')], {
    encoding: 'utf8',
  }).trim();
}
