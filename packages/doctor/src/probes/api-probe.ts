import type { SightingId } from '../sightings.ts';
import type { Target } from '../target.ts';
import { type Answer, ask } from './ask.ts';
import { allBlind, couldNotLook, type Look, type Looks, type ProbeTools } from './probe.ts';
import { addressOf, lookAtPort } from './tcp-port.ts';

const PORT_MS = 1_000;
const HEALTH_MS = 1_500;
const READY_MS = 3_500;

const API_IDS: readonly SightingId[] = ['api.port', 'api.health', 'api.ready', 'api.jwks'];

/** The API from outside: its port, whether it answers, whether it is ready, and the keys it publishes. */
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
  const [ready, jwks] = await Promise.all([lookAtReadiness(url, tools), lookAtKeys(url, tools)]);
  return { ...looks, ...health, 'api.ready': ready, 'api.jwks': jwks, ...clockLook(answer) };
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
