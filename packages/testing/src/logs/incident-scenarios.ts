import { LOGIN, REFRESH, ROUTES, request, type SiteUser, type Traffic } from './background-traffic.ts';
import type { GeneratedLog, LoggedMessage, LoggedRequest } from './generated-log.ts';
import type { SeededRandom } from './seeded-random.ts';

const MINUTE_MS = 60_000;

/** The stage of an incident: it may change what is there and add to it. */
export interface Stage {
  readonly random: SeededRandom;
  readonly traffic: Traffic;
  readonly from: number;
  readonly to: number;
  readonly messages: LoggedMessage[];
  readonly deployments: GeneratedLog['deployments'][number][];
}

export interface Told {
  readonly endpoint: string;
  /** The lines that belong to it. */
  readonly lines: readonly LoggedRequest[];
  readonly isNoise?: boolean;
}

export interface Scenario {
  readonly minutes: readonly [number, number];
  /** Whether it goes on to the end of the log. */
  readonly lasts?: boolean;
  readonly play: (stage: Stage) => Told;
}

const WRITE = 'POST /api/v1/chat/conversations/{id}/messages';

/** Every kind of incident by the name an analysis gives it. */
export const SCENARIOS = {
  refresh_storm: { minutes: [12, 30], play: playStorm },
  database_outage: { minutes: [6, 20], play: playDatabaseStop },
  deployment_regression: { minutes: [40, 60], lasts: true, play: playRegression },
  expired_key: { minutes: [15, 50], play: playExpiredKey },
  brute_force: { minutes: [10, 40], play: playBruteForce },
  bots: { minutes: [10, 30], play: playBots },
  rate_limited_users: { minutes: [12, 40], play: playRateLimit },
  upstream_down: { minutes: [4, 10], play: playUpstreamDown },
  slow_endpoint: { minutes: [25, 60], play: playSlow },
} as const satisfies Readonly<Record<string, Scenario>>;

export type ScenarioName = keyof typeof SCENARIOS;

function during({ traffic, from, to }: Stage): LoggedRequest[] {
  return traffic.requests.filter(({ time }) => time >= from && time < to);
}

const nameOf = ({ method, route }: LoggedRequest): string => `${method} ${route}`;

function fail(lines: readonly LoggedRequest[], status: number, code: string): void {
  for (const line of lines) {
    line.status = status;
    line.code = code;
  }
}

/** Tabs that refresh each on their own, again and again. */
function playStorm({ random, traffic, from, to }: Stage): Told {
  const stormy = traffic.users.filter(() => random.chance(0.6));
  const lines: LoggedRequest[] = [];
  for (let minute = from; minute < to; minute += MINUTE_MS) {
    for (const user of stormy) {
      const times = random.whole(0, 4);
      for (let index = 0; index < times; index += 1) {
        const limited = random.chance(0.05);
        const time = Math.min(minute + random.whole(0, 59_999), to - 1);
        lines.push(request(random, user, 'POST', REFRESH, time, limited ? 429 : 200));
      }
    }
  }
  const own = traffic.requests.filter(({ route, time }) => route === REFRESH && time >= from && time < to);
  traffic.requests.push(...lines);
  return { endpoint: `POST ${REFRESH}`, lines: [...lines, ...own] };
}

/** PostgreSQL stops; everybody retries, and refreshes when it is back. */
function playDatabaseStop(stage: Stage): Told {
  const { random, traffic, from, to, messages } = stage;
  const failed = during(stage).filter(({ route }) => route !== null);
  fail(failed, 503, 'database_unavailable');
  const retries = failed
    .filter(() => random.chance(0.6))
    .map(line => ({ ...line, time: Math.min(line.time + 2_000, to - 1) }));
  traffic.requests.push(...retries);
  for (const user of traffic.users) {
    if (random.chance(0.5))
      traffic.requests.push(request(random, user, 'POST', REFRESH, to + random.whole(0, 40_000), 200));
  }
  const say = (time: number, text: string) => messages.push({ time, from: 'postgres', level: 'info', text });
  say(from - 400, 'received fast shutdown request');
  say(from - 200, 'database system is shut down');
  say(to - 500, 'database system is ready to accept connections');
  return { endpoint: 'GET /api/v1/users/me', lines: [...failed, ...retries] };
}

/** A deployment, and one route that fails from then on. */
function playRegression(stage: Stage): Told {
  const { random, from, deployments } = stage;
  deployments.push({ time: from - random.whole(5_000, 60_000), label: 'deploy v1.5.0' });
  const share = random.between(0.5, 1);
  const failed = during(stage).filter(line => nameOf(line) === WRITE && random.chance(share));
  fail(failed, 500, 'internal');
  return { endpoint: WRITE, lines: failed };
}

/** The key that verifies tokens is no longer the one that signs them. */
function playExpiredKey(stage: Stage): Told {
  const isProtected = (line: LoggedRequest) => ROUTES.some(({ template }) => template === line.route);
  const failed = during(stage).filter(line => isProtected(line) && stage.random.chance(0.96));
  fail(failed, 401, 'token_invalid');
  return { endpoint: 'GET /api/v1/users/me', lines: failed };
}

/** Passwords are guessed, from a few addresses or from many. */
function playBruteForce({ random, traffic, from, to }: Stage): Told {
  const many = random.chance(0.4);
  const clients = Array.from(
    { length: many ? 50 : random.whole(1, 3) },
    () => `185.${random.whole(0, 255)}.7.${random.whole(1, 254)}`,
  );
  const lines: LoggedRequest[] = [];
  for (let minute = from; minute < to; minute += MINUTE_MS) {
    const attempts = random.whole(25, 60);
    for (let index = 0; index < attempts; index += 1) {
      const client = clients[random.whole(0, clients.length - 1)] ?? '';
      const attacker: SiteUser = { id: '', client, agent: 'Mozilla/5.0', signedInAt: 0, refreshedAt: 0 };
      const status = random.chance(0.2) ? 429 : 401;
      const time = Math.min(minute + random.whole(0, 59_999), to - 1);
      lines.push(request(random, attacker, 'POST', LOGIN, time, status, 'credentials_invalid'));
    }
  }
  traffic.requests.push(...lines);
  return { endpoint: `POST ${LOGIN}`, lines, isNoise: true };
}

/** A scanner tries what other people's sites have. */
function playBots({ random, traffic, from, to }: Stage): Told {
  const client = `193.${random.whole(0, 255)}.9.${random.whole(1, 254)}`;
  const lines: LoggedRequest[] = [];
  for (let time = from; time < to; time += random.whole(1_000, 8_000)) {
    const path = `/${random.pick(['wp-content', 'admin', 'backup', 'cgi-bin', 'old'])}/${random.hex(3)}.php`;
    lines.push({
      time,
      method: 'GET',
      path,
      route: null,
      status: 404,
      user: undefined,
      client,
      agent: 'Nikto/2.5',
      durationMs: 1,
      code: 'not_found',
    });
  }
  traffic.requests.push(...lines);
  return { endpoint: '', lines, isNoise: true };
}

/** The limiter counts everybody as one. */
function playRateLimit(stage: Stage): Told {
  const limited = during(stage).filter(
    line => line.route !== null && line.route !== LOGIN && stage.random.chance(0.4),
  );
  fail(limited, 429, 'rate_limited');
  return { endpoint: 'GET /api/v1/users/me', lines: limited };
}

/** The proxy finds nobody behind it. */
function playUpstreamDown(stage: Stage): Told {
  const failed = during(stage);
  fail(failed, 502, 'bad_gateway');
  return { endpoint: 'GET /api/v1/users/me', lines: failed.filter(({ route }) => route !== null) };
}

/** An index is gone, and one route takes its time. */
function playSlow(stage: Stage): Told {
  const slow = during(stage).filter(line => nameOf(line) === 'GET /api/v1/tasks');
  const factor = stage.random.between(25, 60);
  for (const line of slow) line.durationMs *= factor;
  return { endpoint: 'GET /api/v1/tasks', lines: slow };
}
