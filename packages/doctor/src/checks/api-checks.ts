import type { Check } from '../engine/index.ts';
import { blocked, checkOf, count, degraded, eachOf, fail, type Judgement, pass, sawOf } from './judge.ts';

const SLOW_ANSWER_MS = 500;
const SKEW_FAIL_MS = 30_000;
const SKEW_WARN_MS = 5_000;

const seconds = (milliseconds: number) => `${Math.round(milliseconds / 1_000)} s`;

function judgeSkew(databaseAheadMs: number, apiAheadMs: number): Judgement {
  const worst = Math.max(
    Math.abs(databaseAheadMs),
    Math.abs(apiAheadMs),
    Math.abs(databaseAheadMs - apiAheadMs),
  );
  const detail = `database ${seconds(databaseAheadMs)}, API ${seconds(apiAheadMs)} ahead of this machine`;
  if (worst > SKEW_FAIL_MS) return fail(detail);
  return worst > SKEW_WARN_MS ? degraded(detail) : pass('all clocks agree');
}

/** The API as its callers meet it, directly and through the keeper. */
export const API_CHECKS: readonly Check[] = [
  checkOf({
    id: 'time.clocks',
    layer: 'time',
    title: 'The clocks of API, database and this machine agree',
    from: 'time.clocks',
    judge: ({ databaseAheadMs, apiAheadMs }) => judgeSkew(databaseAheadMs ?? 0, apiAheadMs ?? 0),
  }),
  checkOf({
    id: 'api.port',
    layer: 'api',
    title: 'The port of the API accepts connections',
    from: 'api.port',
    judge: ({ url, result, milliseconds }) =>
      result === 'open' ? pass(`${url} accepts connections (${milliseconds} ms)`) : fail(`${url}: ${result}`),
  }),
  checkOf({
    id: 'api.responds',
    layer: 'api',
    title: 'The API answers at all',
    from: 'api.health',
    judge: ({ url, result, milliseconds, message }) => {
      if (result === 'answered') return pass(`${url} answers in ${milliseconds} ms`);
      if (result === 'broken') return { outcome: 'blocked', detail: message ?? 'the connection broke' };
      return fail(`${url} accepts the connection and then says nothing for ${milliseconds} ms`);
    },
  }),
  checkOf({
    id: 'api.health',
    layer: 'api',
    title: 'The API is in good health',
    from: 'api.health',
    judge: ({ url, result, status, isHoldfast, version, milliseconds, message }) => {
      if (result === 'timeout') return { outcome: 'blocked', detail: 'the API does not answer' };
      if (result === 'broken') return fail(`${url}: ${message ?? 'the connection broke'}`);
      if (status !== 200 || !isHoldfast)
        return fail(`${url} answers ${status}, not as the Holdfast API does`);
      const detail = `version ${version}, answers in ${milliseconds} ms`;
      return milliseconds > SLOW_ANSWER_MS ? degraded(detail) : pass(detail);
    },
  }),
  checkOf({
    id: 'api.ready',
    layer: 'api',
    title: 'The API is ready to serve',
    from: 'api.ready',
    judge: ({ result, status, failing, message }) => {
      if (result !== 'answered') return fail(message ?? 'no answer to /ready');
      if (status === 200) return pass('ready');
      const reasons = failing.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
      return fail(`not ready (${status})${reasons === '' ? '' : `: ${reasons}`}`);
    },
  }),
  checkOf({
    id: 'api.operations',
    layer: 'api',
    title: 'Operations answer as declared',
    from: 'api.operations',
    judge: ({ asked, wrong }) => [
      ...eachOf(
        wrong.map(({ operation }) => `endpoint:${operation}`),
        subject => wrong.find(({ operation }) => subject === `endpoint:${operation}`)?.problem ?? 'wrong',
        `${asked} of ${count(asked, 'request')} answered as declared`,
      ),
    ],
  }),
  checkOf({
    id: 'realtime.socket',
    layer: 'realtime',
    title: 'A signed-in user gets a WebSocket',
    from: 'realtime.socket',
    judge: ({ ok, problem, milliseconds }, view) => {
      if (ok) return pass(`ready in ${milliseconds} ms`);
      const identity = sawOf(view, 'api.identity');
      const differ = identity !== undefined && identity.keys.length + identity.issuers.length > 2;
      if (differ || sawOf(view, 'auth.token')?.ok !== true)
        return blocked('a fresh token is not accepted everywhere anyway');
      return fail(`the connection ${problem ?? 'failed'}`);
    },
  }),
  checkOf({
    id: 'proxy.port',
    layer: 'proxy',
    title: 'The port of the keeper accepts connections',
    from: 'proxy.port',
    judge: ({ url, result }) =>
      result === 'open' ? pass(`${url} accepts connections`) : fail(`${url}: ${result}`),
  }),
  checkOf({
    id: 'proxy.forwards',
    layer: 'proxy',
    title: 'The keeper forwards requests to the API',
    from: 'proxy.health',
    judge: ({ url, sameAsDirect, status, message }, view) => {
      if (sameAsDirect) return pass(`${url} forwards to the API`);
      if (sawOf(view, 'api.health')?.status !== 200) {
        return { outcome: 'blocked', detail: 'the API itself does not answer well' };
      }
      return fail(`the API answers directly, but through ${url} the answer is ${status ?? message}`);
    },
  }),
];
