import { join } from 'node:path';
import { rotateFamily } from '@holdfast/auth/sessions';
import { createPool, type Queryable, type SqlQuery, sql } from '@holdfast/postgres';
import { readClusterState } from '@holdfast/postgres/cluster';
import { runCommand } from '../scripts/build/run-command.ts';
import { alternate, type Benchmark, format, median, summarize } from './lib/benchmark.ts';
import { type BenchSystem, startSystem } from './lib/holdfast.ts';
import { transactionsPerSecond } from './lib/pgbench.ts';
import { type BenchSession, insertSessions, onDatabase } from './lib/sessions.ts';

const CONNECTIONS = 10;
const SECONDS = 6;
const REFRESH_TTL_MS = 604_800_000;

const HTTP = 'Holdfast POST /api/v1/auth/refresh';
const STATEMENT = 'Holdfast, the statement alone';
const PGBENCH = 'pgbench, the same statement';

/** Refreshing tokens against the one guarded UPDATE that it is made of. */
export const refresh: Benchmark = {
  name: 'refresh',
  run: async ({ rounds, progress }) => {
    const system = await startSystem({ HOLDFAST_LOG_LEVEL: 'warn', HOLDFAST_POOL_MAX: String(CONNECTIONS) });
    try {
      const latencies: Latencies[] = [];
      const sides = [
        { name: HTTP, measure: () => overHttp(system, latencies) },
        { name: STATEMENT, measure: () => statementAlone(system) },
        { name: PGBENCH, measure: () => withPgbench(system) },
      ];
      for (const { measure } of sides) await measure();
      latencies.length = 0;
      const samples = await alternate(sides, rounds, progress);
      const notes = [
        `PostgreSQL ${system.postgresVersion} with its durable defaults; ${CONNECTIONS} connections to it on each side and ${CONNECTIONS} HTTP connections, each refreshing one session over and over for ${SECONDS} s.`,
        'pgbench runs the very text of packages/auth/src/sessions/rotation-queries.ts as a prepared statement.',
        latencyNote(latencies),
      ];
      const targets = [
        { side: HTTP, baseline: PGBENCH, target: '≥ 0.6 (over HTTP)' },
        { side: STATEMENT, baseline: PGBENCH, target: '≥ 0.6 (statement)' },
      ];
      return summarize({ benchmark: 'refresh', unit: 'per second', rounds, notes }, samples, targets);
    } finally {
      await system.stop();
    }
  },
};

interface Latencies {
  readonly perSecond: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

async function overHttp(system: BenchSystem, latencies: Latencies[]): Promise<number> {
  const sessions = await insertSessions(system, CONNECTIONS);
  const task = {
    url: `${system.apiUrl}/api/v1/auth/refresh`,
    tokens: sessions.map(session => session.refreshToken),
    seconds: SECONDS,
  };
  const script = join(import.meta.dirname, 'lib/refresh-load.ts');
  const output = await runCommand(process.execPath, [script, JSON.stringify(task)], import.meta.dirname);
  const measured = JSON.parse(output) as Latencies;
  latencies.push(measured);
  return measured.perSecond;
}

function latencyNote(latencies: readonly Latencies[]): string {
  const of = (name: 'p50' | 'p95' | 'p99') => format(median(latencies.map(each => each[name])));
  const worst = format(Math.max(...latencies.map(({ p99 }) => p99)));
  return `Latency over HTTP at full load: p50 ${of('p50')} ms, p95 ${of('p95')} ms, p99 ${of('p99')} ms (medians; the highest p99 was ${worst} ms; target < 20 ms).`;
}

async function statementAlone(system: BenchSystem): Promise<number> {
  const sessions = await insertSessions(system, CONNECTIONS);
  const state = await readClusterState(system.home);
  const pool = createPool({ url: state?.appUrl ?? '', max: CONNECTIONS });
  const startedAt = performance.now();
  const end = startedAt + SECONDS * 1_000;
  let done = 0;
  const keepRotating = async ({ sessionId, userId }: BenchSession): Promise<void> => {
    for (let generation = 0; performance.now() < end; generation += 1, done += 1) {
      const rotated = await rotateFamily(pool, { familyId: sessionId, generation, userId }, REFRESH_TTL_MS);
      if (rotated === undefined) throw new Error('a rotation did not happen');
    }
  };
  try {
    await Promise.all(sessions.map(keepRotating));
    return (done * 1_000) / (performance.now() - startedAt);
  } finally {
    await pool.close();
  }
}

async function withPgbench(system: BenchSystem): Promise<number> {
  const sessions = await insertSessions(system, CONNECTIONS);
  const state = await readClusterState(system.home);
  const query = await rotationQuery();
  const position = (wanted: unknown) => `p${query.values.indexOf(wanted) + 1}`;
  const [family, generation, user] = [SAMPLE.familyId, SAMPLE.generation, SAMPLE.userId].map(position);
  const [first] = sessions.map(({ sessionId }) => sessionId).toSorted();
  const before = [
    '\\if :begun = 0',
    `select session_id as "${family}", user_id as "${user}" from refresh_tokens where session_id >= '${first}' order by session_id offset :client_id limit 1 \\gset`,
    '\\set begun 1',
    '\\endif',
  ].join('\n');
  const tps = await transactionsPerSecond({
    url: state?.appUrl ?? '',
    directory: system.home,
    query,
    before,
    after: `\\set ${generation} :${generation} + 1`,
    variables: { begun: 0, [position(REFRESH_TTL_MS)]: REFRESH_TTL_MS, [String(generation)]: 0 },
    connections: CONNECTIONS,
    seconds: SECONDS,
  });
  await assertRotated(system, sessions, tps * SECONDS);
  return tps;
}

const SAMPLE = { familyId: 'family', generation: -1, userId: 'user' };

/** The statement as Holdfast sends it, caught on its way. */
async function rotationQuery(): Promise<SqlQuery<unknown>> {
  let caught: SqlQuery<unknown> | undefined;
  const catcher = {
    maybeOne: async (query: SqlQuery<unknown>) => {
      caught = query;
    },
  };
  await rotateFamily(catcher as unknown as Queryable, SAMPLE, REFRESH_TTL_MS);
  if (caught === undefined) throw new Error('there was no statement');
  return caught;
}

/** An UPDATE that matches no row is fast, too: every transaction of pgbench must have been a rotation. */
async function assertRotated(
  system: BenchSystem,
  sessions: readonly BenchSession[],
  expected: number,
): Promise<void> {
  const ids = sessions.map(session => session.sessionId);
  const { rotations } = await onDatabase(system, db =>
    db.one(
      sql<{ rotations: number }>`
        select sum(generation)::bigint as rotations from refresh_tokens where session_id = any(${ids}::uuid[])
      `,
    ),
  );
  if (rotations < expected * 0.95) throw new Error(`pgbench rotated ${rotations} times, not ${expected}`);
}
