import { join } from 'node:path';
import { alternate, type Benchmark, type Side, summarize, type Target } from './lib/benchmark.ts';
import {
  ACCOUNT,
  type BenchSystem,
  createDatabase,
  registerMany,
  signIn,
  startSystem,
} from './lib/holdfast.ts';
import { type Load, requestsPerSecond } from './lib/load.ts';
import { type RunningProcess, startNode } from './lib/process.ts';

const POOL_MAX = '10';
const CONNECTIONS = 40;
const SECONDS = 5;
const WARM_UP_SECONDS = 2;

const HOLDFAST = 'Holdfast GET /api/v1/users/me';
const SELECT = 'Fastify, one indexed select';
const HELLO = 'Fastify hello world';
const BETTER_AUTH = 'better-auth get-session';

const TARGETS: readonly Target[] = [
  { side: HOLDFAST, baseline: SELECT, target: '≥ 0.9' },
  { side: HOLDFAST, baseline: BETTER_AUTH, target: '≥ 10' },
  { side: HOLDFAST, baseline: HELLO, target: 'for orientation' },
];

/** Reading the own account with a valid access token, against the least such an endpoint could do, and a peer. */
export const usersMe: Benchmark = {
  name: 'users-me',
  run: async ({ rounds, progress }) => {
    const system = await startSystem({ HOLDFAST_LOG_LEVEL: 'warn', HOLDFAST_POOL_MAX: POOL_MAX });
    const peers: RunningProcess[] = [];
    try {
      await createDatabase(system, 'peer');
      peers.push(...(await startPeers(system)));
      const users = await registerMany(system.apiUrl, CONNECTIONS);
      const tokens = await Promise.all(users.map(user => signIn(system.apiUrl, user)));
      const loads = loadsOf(system, tokens, peers);
      for (const [, load] of loads) await warmUp(load);
      const samples = await alternate(loads.map(toSide), rounds, progress);
      const notes = [
        `PostgreSQL ${system.postgresVersion}, ${POOL_MAX} connections for each server; ${CONNECTIONS} connections of autocannon for ${SECONDS} s a measurement.`,
        'Each connection to Holdfast is another signed-in user; the peers are asked for one and the same row or session.',
        'NODE_ENV=production. No side writes a log line for a request that succeeds (Holdfast: HOLDFAST_LOG_LEVEL=warn).',
        'better-auth 1.7.6 with its session in PostgreSQL, without its cookie cache, on node:http.',
      ];
      return summarize({ benchmark: 'users-me', unit: 'requests/s', rounds, notes }, samples, TARGETS);
    } finally {
      await Promise.all(peers.map(peer => peer.stop()));
      await system.stop();
    }
  },
};

async function startPeers(system: BenchSystem): Promise<RunningProcess[]> {
  const peer = (name: string, database: string) =>
    startNode({
      args: [join(import.meta.dirname, 'peers', `${name}.js`)],
      env: {
        NODE_ENV: 'production',
        PEER_DATABASE_URL: system.databaseUrl(database),
        PEER_POOL_MAX: POOL_MAX,
        PEER_USER_ID: system.userId,
        PEER_EMAIL: ACCOUNT.email,
        PEER_PASSWORD: ACCOUNT.password,
      },
    });
  return [
    await peer('fastify-select', 'holdfast'),
    await peer('fastify-hello', 'holdfast'),
    await peer('better-auth', 'peer'),
  ];
}

function loadsOf(
  system: BenchSystem,
  tokens: readonly string[],
  [select, hello, betterAuth]: readonly RunningProcess[],
): [string, Load][] {
  const load = (url: string, headers: Record<string, string> = {}): Load => ({
    url,
    headers,
    connections: CONNECTIONS,
    seconds: SECONDS,
  });
  const at = (peer: RunningProcess | undefined) => `http://127.0.0.1:${peer?.ready.port}`;
  return [
    [HOLDFAST, { ...load(`${system.apiUrl}/api/v1/users/me`), requests: tokens.map(bearer) }],
    [SELECT, load(`${at(select)}/`)],
    [HELLO, load(`${at(hello)}/`)],
    [
      BETTER_AUTH,
      load(`${at(betterAuth)}/api/auth/get-session`, { cookie: String(betterAuth?.ready.cookie) }),
    ],
  ];
}

function bearer(token: string) {
  return { headers: { authorization: `Bearer ${token}` } };
}

/** Also makes sure that a side answers with the account: get-session without a session is a fast 200, too. */
async function warmUp(load: Load): Promise<void> {
  const response = await fetch(load.url, { headers: { ...load.headers, ...load.requests?.[0]?.headers } });
  const text = await response.text();
  if (!/bench\S*@example\.com|hello/.test(text)) {
    throw new Error(`${load.url} answered ${response.status}: ${text}`);
  }
  await requestsPerSecond({ ...load, seconds: WARM_UP_SECONDS });
}

function toSide([name, load]: [string, Load]): Side {
  return { name, measure: () => requestsPerSecond(load) };
}
