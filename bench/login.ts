import { join } from 'node:path';
import { ARGON2_PARAMETERS } from '@holdfast/auth/passwords';
import { runCommand } from '../scripts/build/run-command.ts';
import { alternate, type Benchmark, summarize } from './lib/benchmark.ts';
import { registerMany, startSystem } from './lib/holdfast.ts';
import { requestsPerSecond } from './lib/load.ts';

/** As many as the server hashes at once, which is the size of the libuv thread pool. */
const AT_ONCE = 4;
const CONNECTIONS = 8;
/** Enough that nobody has so many sessions that old ones end. */
const USERS = 64;
const SECONDS = 8;

const HOLDFAST = 'Holdfast POST /api/v1/auth/login';
const ARGON2 = 'Argon2id alone';

/** Logging in against the one part of it that has to be slow. */
export const login: Benchmark = {
  name: 'login',
  run: async ({ rounds, progress }) => {
    const system = await startSystem({ HOLDFAST_LOG_LEVEL: 'warn' });
    try {
      const { memoryCost, timeCost, parallelism } = ARGON2_PARAMETERS;
      const users = await registerMany(system.apiUrl, USERS);
      const load = {
        url: `${system.apiUrl}/api/v1/auth/login`,
        method: 'POST' as const,
        headers: { 'content-type': 'application/json' },
        requests: users.map(user => ({ body: JSON.stringify(user) })),
        connections: CONNECTIONS,
        seconds: SECONDS,
      };
      await requestsPerSecond({ ...load, seconds: 2 });
      const sides = [
        { name: HOLDFAST, measure: () => requestsPerSecond(load) },
        { name: ARGON2, measure: verificationsPerSecond },
      ];
      const samples = await alternate(sides, rounds, progress);
      const notes = [
        `Argon2id m=${memoryCost} KiB t=${timeCost} p=${parallelism}, ${AT_ONCE} at once on 4 libuv threads on both sides; ${CONNECTIONS} connections of autocannon for ${SECONDS} s.`,
        `PostgreSQL ${system.postgresVersion} on the same machine; a login also reads the account, writes a session, an audit entry and the login, and signs two tokens.`,
      ];
      const targets = [{ side: HOLDFAST, baseline: ARGON2, target: '≥ 0.95' }];
      return summarize({ benchmark: 'login', unit: 'per second', rounds, notes }, samples, targets);
    } finally {
      await system.stop();
    }
  },
};

async function verificationsPerSecond(): Promise<number> {
  const { memoryCost, timeCost, parallelism } = ARGON2_PARAMETERS;
  const script = join(import.meta.dirname, 'peers/argon2.js');
  const parameters = [memoryCost, timeCost, parallelism, AT_ONCE, SECONDS].map(String);
  const output = await runCommand(process.execPath, [script, ...parameters], import.meta.dirname);
  return (JSON.parse(output) as { perSecond: number }).perSecond;
}
