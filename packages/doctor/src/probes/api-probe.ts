import type { SightingId } from '../sightings.ts';
import type { Target } from '../target.ts';
import { type Answer, ask } from './ask.ts';
import { allBlind, couldNotLook, type Look, type Looks, type ProbeTools } from './probe.ts';
import { addressOf, lookAtPort } from './tcp-port.ts';

const PORT_MS = 1_000;
const HEALTH_MS = 1_500;
const READY_MS = 3_500;

const API_IDS: readonly SightingId[] = [
  'api.port',
  'api.health',
  'api.ready',
  'api.pool',
  'api.jwks',
  'api.identity',
];

/** The API from outside: its port, whether it answers, whether it is ready, and the keys it publishes, and its pool. */
export async function lookAtApi({ server }: Target, tools: ProbeTools): Promise<Looks> {
  if (server.url === undefined) return allBlind(API_IDS, 'the address of the API is not known');
  const url = new URL(server.url).origin;
  const { host, port } = addressOf(url);
  const seen = { ...(await lookAtPort(host, port, PORT_MS, tools)), url };
  const looks = { 'api.port': { saw: seen } };
  if (seen.result !== 'open') {
    return {
      ...looks,
      ...allBlind(API_IDS.slice(1), 'the port of the API does not accept connections', 'api.port'),
    };
  }
  const answer = await ask({ url: `${url}/health`, timeoutMs: HEALTH_MS }, tools);
  const health = { 'api.health': { saw: healthSighting(url, answer) } };
  if (answer.result !== 'answered') {
    return { ...looks, ...health, ...allBlind(API_IDS.slice(2), 'the API does not answer', 'api.health') };
  }
  const [ready, jwks, pool, identity] = await Promise.all([
    lookAtReadiness(url, tools),
    lookAtKeys(url, tools),
    lookAtPool(url, tools),
    lookAtIdentity(url, tools),
  ]);
  return {
    ...looks,
    ...health,
    'api.ready': ready,
    'api.jwks': jwks,
    'api.pool': pool,
    'api.identity': identity,
    ...clockLook(answer),
  };
}

interface HealthBody {
  readonly status?: string;
  readonly version?: string;
}

function healthSighting(url: string, answer: Answer) {
  const head = { url, result: answer.result, milliseconds: answer.milliseconds };
  if (answer.result !== 'answered') return { ...head, message: answer.message, isHoldfast: false };
  const { status, version } = objectOf<HealthBody>(answer.body);
  const isHoldfast = status === 'ok' && typeof version === 'string';
  return { ...head, status: answer.status, isHoldfast, ...(isHoldfast ? { version } : {}) };
}

interface ReadyBody {
  readonly checks?: readonly { readonly name: string; readonly ok: boolean; readonly reason?: string }[];
}

async function lookAtReadiness(url: string, tools: ProbeTools): Promise<Look<'api.ready'>> {
  const answer = await ask({ url: `${url}/ready`, timeoutMs: READY_MS }, tools);
  const head = { url, result: answer.result, milliseconds: answer.milliseconds };
  if (answer.result !== 'answered') return { saw: { ...head, message: answer.message, failing: [] } };
  const checks = objectOf<ReadyBody>(answer.body).checks ?? [];
  const failing = checks
    .filter(({ ok }) => !ok)
    .map(({ name, reason }) => ({ name, reason: reason ?? 'no reason given' }));
  return { saw: { ...head, status: answer.status, failing } };
}

async function lookAtKeys(url: string, tools: ProbeTools): Promise<Look<'api.jwks'>> {
  const answer = await ask({ url: `${url}/.well-known/jwks.json`, timeoutMs: HEALTH_MS }, tools);
  if (answer.result !== 'answered' || answer.status !== 200)
    return couldNotLook('the API does not publish its keys');
  const { keys } = objectOf<{ keys?: readonly { kid?: unknown }[] }>(answer.body);
  return { saw: { kids: (keys ?? []).map(({ kid }) => String(kid)) } };
}

/** Behind one address several processes can answer; requests at once reach more than one of them. */
const REQUESTS_AT_ONCE = 4;

async function lookAtIdentity(url: string, tools: ProbeTools): Promise<Look<'api.identity'>> {
  const askAll = (path: string) =>
    Promise.all(
      Array.from({ length: REQUESTS_AT_ONCE }, () =>
        ask({ url: `${url}${path}`, timeoutMs: HEALTH_MS }, tools),
      ),
    );
  const [jwks, metadata] = await Promise.all([
    askAll('/.well-known/jwks.json'),
    askAll('/.well-known/oauth-authorization-server'),
  ]);
  const keys = jwks.flatMap(answer => {
    const kids = bodyOf<{ keys: readonly { kid?: unknown }[] }>(answer)?.keys?.map(({ kid }) => String(kid));
    return kids === undefined ? [] : kids.sort().join(' ');
  });
  const issuers = metadata.flatMap(answer => bodyOf<{ issuer: string }>(answer)?.issuer ?? []);
  if (keys.length < 2 || issuers.length < 2)
    return couldNotLook('the API does not publish its keys and issuer');
  return { saw: { asked: REQUESTS_AT_ONCE, keys: distinct(keys), issuers: distinct(issuers) } };
}

function bodyOf<T extends object>(answer: Answer): Partial<T> | undefined {
  return answer.result === 'answered' && answer.status === 200 ? objectOf<T>(answer.body) : undefined;
}

function distinct(items: readonly string[]): string[] {
  return [...new Set(items)].sort();
}

/** From the metrics, which tell no secrets and need no database. */
async function lookAtPool(url: string, tools: ProbeTools): Promise<Look<'api.pool'>> {
  const answer = await ask({ url: `${url}/metrics`, timeoutMs: HEALTH_MS }, tools);
  const text = answer.result === 'answered' && typeof answer.body === 'string' ? answer.body : '';
  const gauge = (state: string) =>
    new RegExp(`^holdfast_pool_connections\\{[^}]*state="${state}"[^}]*\\} (\\d+)`, 'm').exec(text)?.[1];
  const max = gauge('max');
  if (max === undefined) return couldNotLook('the API does not publish the metrics of its pool');
  return { saw: { max: Number(max), waiting: Number(gauge('waiting') ?? 0) } };
}

/** HTTP dates are cut to whole seconds; half of one is added, so that the mean error is none. */
function clockLook(answer: Answer): Looks {
  if (answer.result !== 'answered' || answer.date === undefined) return {};
  const aheadMs = answer.date.theirs + 500 - answer.date.ours;
  return { 'time.clocks': { saw: { apiAheadMs: Math.abs(aheadMs) < 1_000 ? 0 : aheadMs } } };
}

/** The port of the keeper, and the API through it. */
export async function lookAtProxy({ keeper }: Target, tools: ProbeTools): Promise<Looks> {
  if (keeper.url === undefined) return {};
  const url = new URL(keeper.url).origin;
  const { host, port } = addressOf(url);
  const seen = { ...(await lookAtPort(host, port, PORT_MS, tools)), url };
  if (seen.result !== 'open') {
    const closed = couldNotLook('the port of the keeper does not accept connections', 'proxy.port');
    return { 'proxy.port': { saw: seen }, 'proxy.health': closed };
  }
  const answer = await ask({ url: `${url}/health`, timeoutMs: HEALTH_MS }, tools);
  const { isHoldfast, ...health } = healthSighting(url, answer);
  return { 'proxy.port': { saw: seen }, 'proxy.health': { saw: { ...health, sameAsDirect: isHoldfast } } };
}

function objectOf<T extends object>(body: unknown): Partial<T> {
  return typeof body === 'object' && body !== null ? (body as Partial<T>) : {};
}
