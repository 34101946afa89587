import type { LoggedRequest } from './generated-log.ts';
import type { SeededRandom } from './seeded-random.ts';

export interface SiteUser {
  readonly id: string;
  readonly client: string;
  readonly agent: string;
  signedInAt: number;
  refreshedAt: number;
}

export interface Traffic {
  readonly requests: LoggedRequest[];
  readonly users: readonly SiteUser[];
  readonly from: number;
  readonly to: number;
}

const MINUTE_MS = 60_000;
const TOKEN_MS = 15 * MINUTE_MS;
const SESSION_MS = 3 * 60 * MINUTE_MS;
const BROWSERS = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/138.0.0.0 Safari/537.36',
] as const;

interface Route {
  readonly method: string;
  readonly template: string;
  readonly weight: number;
  /** Milliseconds, the median. */
  readonly usualMs: number;
  /** How often an id is no longer there. */
  readonly gone?: number;
}

/** The routes of the site that need a sign-in. */
export const ROUTES: readonly [Route, ...Route[]] = [
  { method: 'GET', template: '/api/v1/users/me', weight: 22, usualMs: 6 },
  { method: 'GET', template: '/api/v1/chat/conversations', weight: 16, usualMs: 18 },
  { method: 'GET', template: '/api/v1/chat/conversations/{id}/messages', weight: 20, usualMs: 25 },
  { method: 'POST', template: '/api/v1/chat/conversations/{id}/messages', weight: 12, usualMs: 30 },
  { method: 'GET', template: '/api/v1/tasks', weight: 12, usualMs: 40 },
  { method: 'PATCH', template: '/api/v1/tasks/{id}', weight: 8, usualMs: 22, gone: 0.02 },
  { method: 'GET', template: '/api/v1/analytics/sms/usage', weight: 5, usualMs: 90 },
];
export const LOGIN = '/api/v1/auth/login';
export const REFRESH = '/api/v1/auth/refresh';

/** What a site sees when all is well: a day's curve, sessions, expired tokens, typing errors and the odd failure. */
export function backgroundTraffic(
  random: SeededRandom,
  from: number,
  hours: number,
  perMinute: number,
): Traffic {
  const users = Array.from({ length: random.whole(60, 140) }, () => newUser(random));
  const traffic: Traffic = { requests: [], users, from, to: from + hours * 60 * MINUTE_MS };
  for (let minute = from; minute < traffic.to; minute += MINUTE_MS) {
    const hour = (minute / 3_600_000) % 24;
    const curve = 1 + 0.6 * Math.sin(((hour - 8) / 24) * 2 * Math.PI);
    const count = Math.round(perMinute * curve * random.between(0.7, 1.3));
    for (let index = 0; index < count; index += 1)
      addVisit(random, traffic, minute + random.whole(0, 59_999));
    if (random.chance(0.02)) addStranger(random, traffic, minute);
  }
  return traffic;
}

function newUser(random: SeededRandom): SiteUser {
  const id = `${random.hex(8)}-${random.hex(4)}-7${random.hex(3)}-8${random.hex(3)}-${random.hex(12)}`;
  const client = [
    random.whole(11, 190),
    random.whole(0, 255),
    random.whole(0, 255),
    random.whole(1, 254),
  ].join('.');
  return { id, client, agent: random.pick(BROWSERS), signedInAt: -Infinity, refreshedAt: -Infinity };
}

function addVisit(random: SeededRandom, { requests, users }: Traffic, time: number): void {
  const user = users[random.whole(0, users.length - 1)];
  if (user === undefined) return;
  const at = time + keepSignedIn(random, requests, user, time);
  const route = pickRoute(random);
  const gone = random.chance(route.gone ?? 0);
  const status = gone ? 404 : random.chance(0.0006) ? 500 : route.method === 'POST' ? 201 : 200;
  requests.push(request(random, user, route.method, route.template, at, status));
}

/** Signs in or refreshes when it is time for that; how much later the request itself comes, in milliseconds. */
function keepSignedIn(random: SeededRandom, requests: LoggedRequest[], user: SiteUser, at: number): number {
  if (at - user.signedInAt > SESSION_MS) {
    if (random.chance(0.1))
      requests.push(request(random, user, 'POST', LOGIN, at - 4_000, 401, 'credentials_invalid'));
    requests.push(request(random, user, 'POST', LOGIN, at, 200));
    user.signedInAt = at;
    user.refreshedAt = at;
    return 300;
  }
  if (at - user.refreshedAt <= TOKEN_MS) return 0;
  if (random.chance(0.3))
    requests.push(request(random, user, 'GET', '/api/v1/users/me', at, 401, 'token_expired'));
  requests.push(request(random, user, 'POST', REFRESH, at + 50, random.chance(0.01) ? 401 : 200));
  user.refreshedAt = at;
  return 200;
}

function pickRoute(random: SeededRandom): Route {
  let left = random.between(
    0,
    ROUTES.reduce((sum, { weight }) => sum + weight, 0),
  );
  for (const route of ROUTES) {
    left -= route.weight;
    if (left <= 0) return route;
  }
  return ROUTES[0];
}

/** A request of a user; ids are made up for the template. */
export function request(
  random: SeededRandom,
  user: SiteUser,
  method: string,
  template: string,
  time: number,
  status: number,
  code?: string,
): LoggedRequest {
  const usual = ROUTES.find(route => route.template === template && route.method === method)?.usualMs ?? 60;
  const path = template.replace('{id}', String(random.whole(1, 90_000)));
  const durationMs = usual * Math.exp((random.next() + random.next() + random.next() - 1.5) * 0.9);
  // nobody is known before the sign-in, and of a refused token only what it says itself
  const id = template === LOGIN && status >= 400 ? undefined : user.id;
  const { client, agent } = user;
  return { time, method, path, route: template, status, user: id, client, agent, durationMs, code };
}

/** One of those who ask everybody for what only some have. */
function addStranger(random: SeededRandom, { requests }: Traffic, time: number): void {
  const path = random.pick([
    '/.env',
    '/wp-login.php',
    '/favicon.ico',
    '/robots.txt',
    '/phpmyadmin/',
    '/.git/config',
  ]);
  const client = `45.${random.whole(0, 255)}.${random.whole(0, 255)}.${random.whole(1, 254)}`;
  const agent = 'Mozilla/5.0 zgrab/0.x';
  requests.push({
    time,
    method: 'GET',
    path,
    route: null,
    status: 404,
    user: undefined,
    client,
    agent,
    durationMs: 1,
    code: 'not_found',
  });
}
