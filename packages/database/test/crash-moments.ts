import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Migration, migrateUp, migrationStatus, readMigrations } from '@holdfast/database/migrate';
import { type Connection, connect, sql } from '@holdfast/postgres';
import { crashSeed, emptyDatabase, type TestDatabase } from '@holdfast/testing';
import { CRASH_MIGRATIONS } from './crash-migrations.ts';
import { assertTruthful, buildReference, claimOf, observe, type Reference } from './crash-reference.ts';
import { eventually, openConnection } from './fixtures.ts';
import { type Runner, startRunner } from './runner-process.ts';

/** In all files together. */
const MOMENTS = 200;
const FILES = 4;

const WAYS = [
  'session ended',
  'runner killed and session ended',
  'runner killed',
  'runner killed',
  'runner killed',
] as const;

/** A share of the reports of the runner, then a share of the time that the step takes. */
interface Moment {
  readonly progress: number;
  readonly part: number;
  readonly how: (typeof WAYS)[number];
}

/** A generator that repeats itself for the same seed (mulberry32). */
function createRandom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Declares the tests of every fourth moment, beginning with `first`: four files share them, so that none takes long.
 * Each ends with what it met and the seed that repeats it.
 */
export function stopAtMoments(first: 0 | 1 | 2 | 3): void {
  const seed = crashSeed();
  const random = createRandom(seed);
  const draws = Array.from({ length: MOMENTS }, () => [random(), random()] as const);
  const seen: Record<string, number> = {};
  let ground: Ground | undefined;

  before(async () => {
    ground = await prepare();
  });
  after(async () => {
    await rm(ground?.dir ?? assert.fail('not prepared'), { recursive: true });
    process.stdout.write(`${JSON.stringify(seen)}; HOLDFAST_CRASH_SEED=${seed} repeats the moments\n`);
  });

  for (const [index, [where, part]] of draws.entries()) {
    if (index % FILES !== first) continue;
    const how = WAYS[Math.floor(index / FILES) % WAYS.length] ?? 'runner killed';
    // one stratum for each moment, so that they are spread over the whole run
    const progress = (index + where) / MOMENTS;
    it(`leaves the truth at ${(progress * 100).toFixed(1)} %, seed ${seed}: ${how}`, async t => {
      const found = await survive(t, ground ?? assert.fail('not prepared'), { progress, part, how });
      seen[found] = (seen[found] ?? 0) + 1;
    });
  }

  it('mostly stopped before the end', () => {
    const late = seen.applied ?? 0;
    const runs = MOMENTS / FILES;
    assert.ok(late < runs / 2, `${late} of ${runs} runs had come to their end`);
  });
}

/** What every moment is compared with. */
interface Ground {
  readonly dir: string;
  readonly migrations: readonly Migration[];
  readonly reference: Reference;
  /** When each report of an undisturbed run came, in milliseconds. */
  readonly reportTimes: readonly number[];
  /** Databases of earlier moments: making and dropping one takes longer than the migrations. */
  readonly free: TestDatabase[];
}

const EMPTY =
  'drop schema if exists holdfast_ledger cascade; drop schema public cascade; create schema public';

/** The naive run that everything is compared with, and the times of an undisturbed one of ours. */
async function prepare(): Promise<Ground> {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-migrations-'));
  for (const [name, content] of Object.entries(CRASH_MIGRATIONS)) await writeFile(join(dir, name), content);
  const migrations = await readMigrations(dir);
  assert.equal(migrations.length, 20);
  const naive = await connect({ url: (await emptyDatabase()).ownerUrl });
  const reference = await buildReference(naive, migrations);
  await naive.close();
  const connection = await connect({ url: (await emptyDatabase()).ownerUrl });
  const reportTimes: number[] = [];
  const onProgress = (): void => void reportTimes.push(performance.now());
  await migrateUp({ connection, migrations, appVersion: '1', onProgress });
  assert.deepEqual(await observe(connection), reference.end);
  await connection.close();
  return { dir, migrations, reference, reportTimes, free: [] };
}

/** Stops a runner, compares what its status says with the database, and lets the next one finish. */
async function survive(t: TestContext, ground: Ground, moment: Moment): Promise<string> {
  const { dir, migrations, reference } = ground;
  const db = ground.free.pop() ?? (await emptyDatabase());
  const connection = await openConnection(t, db.ownerUrl);
  await connection.script(EMPTY);
  const runner = startRunner(t, { db, dir });
  await stop(connection, runner, ground, moment);
  await sessionGone(connection);
  const claim = claimOf((await migrationStatus(connection, migrations)).entries);
  assertTruthful(reference, claim, await observe(connection));
  await migrateUp({ connection, migrations, appVersion: '1' });
  assert.equal((await migrationStatus(connection, migrations)).upToDate, true);
  assert.deepEqual(await observe(connection), reference.end);
  // that of a failed moment stays as it is
  ground.free.push(db);
  if (claim.inDoubt) return 'in doubt';
  if (claim.statements > 0) return 'half done';
  return claim.migrations === migrations.length ? 'applied' : 'between two';
}

async function stop(
  connection: Connection,
  runner: Runner,
  { reportTimes }: Ground,
  { progress, part, how }: Moment,
): Promise<void> {
  const reports = Math.floor(progress * reportTimes.length);
  await runner.reported(reports);
  const now = reportTimes[reports] ?? 0;
  await delay(part * Math.min(100, (reportTimes[reports + 1] ?? now) - now));
  if (how !== 'session ended') await runner.kill();
  if (how === 'runner killed') return;
  await connection.query(sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'runner'
  `);
  await runner.output;
}

/** The server ends the session of a killed runner by itself, after the statement it is in. */
function sessionGone(connection: Connection): Promise<true> {
  return eventually('the session of the runner ends', async () => {
    const { sessions } = await connection.one(sql<{ sessions: number }>`
      select count(*) as sessions from pg_stat_activity
      where datname = current_database() and application_name = 'runner'
    `);
    return sessions === 0 || undefined;
  });
}
