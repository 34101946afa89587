import type { Check, ObservationView } from '../engine/index.ts';
import { isSound } from '../other/reach.ts';
import type { ReachSighting } from '../sightings.ts';
import { blocked, checkOf, count, degraded, fail, type Judgement, pass, sawOf, unknown } from './judge.ts';

type Replicas = readonly ReachSighting[];

/** One failure for each process of the API that fails, or one pass for all of them. */
function eachReplica(
  replicas: Replicas,
  fails: (replica: ReachSighting) => string | undefined,
  otherwise: string,
): Judgement[] {
  const failures = replicas.flatMap(replica => {
    const problem = fails(replica);
    return problem === undefined ? [] : [fail(problem, `replica:${replica.url}`)];
  });
  return failures.length > 0 ? failures : [pass(otherwise)];
}

function answering({ url, port, result, milliseconds, message }: ReachSighting): string | undefined {
  if (port !== 'open' || result === 'answered') return undefined;
  return result === 'timeout'
    ? `${url} accepts the connection and then says nothing for ${milliseconds} ms`
    : `${url} breaks the connection: ${message ?? 'no reason given'}`;
}

function failing({ url, result, status }: ReachSighting): string | undefined {
  return result === 'answered' && status !== undefined && status >= 500
    ? `${url} answers ${status}`
    : undefined;
}

function judgeProxy(proxy: ReachSighting, view: ObservationView): Judgement {
  const { url, port, status } = proxy;
  if (port !== 'open') return blocked(`the port of ${url} is not open`);
  const replicas = sawOf(view, 'api.replicas')?.replicas;
  if (isSound(proxy)) return pass(`${url} answers ${status}`);
  if (replicas === undefined) return unknown('no address of the API without the proxy is known');
  if (!replicas.some(isSound)) return blocked('no process of the API answers well');
  return fail(`the API answers directly, but through ${url} ${saidBy(proxy)}`);
}

function saidBy({ result, status, message }: ReachSighting): string {
  return result === 'answered' ? `the answer is ${status}` : (message ?? 'there is no answer');
}

/** An API and its proxy as requests from outside meet them, and what they need of others. */
export const REACH_CHECKS: readonly Check[] = [
  checkOf({
    id: 'config.rules',
    layer: 'config',
    title: 'The variables are as they have to be',
    from: 'config.variables',
    judge: ({ from, checked, problems }) =>
      problems.length === 0
        ? pass(`${count(checked, 'variable')} of ${from} as they have to be`)
        : problems.map(({ variable, problem }) =>
            fail(`${variable} ${problem} (${from})`, `env:${variable}`),
          ),
  }),
  checkOf({
    id: 'config.snapshot',
    layer: 'config',
    title: 'What the system should be can be read',
    from: 'config.snapshot',
    judge: ({ path, problem }) => (problem === undefined ? pass(`${path} can be read`) : fail(problem)),
  }),
  checkOf({
    id: 'api.listening',
    layer: 'process',
    title: 'Every process of the API accepts connections',
    from: 'api.replicas',
    judge: ({ replicas }) =>
      eachReplica(
        replicas,
        ({ url, port }) => (port === 'open' ? undefined : `${url}: ${port}`),
        `${count(replicas.length, 'process', 'processes')} of the API accept connections`,
      ),
  }),
  checkOf({
    id: 'api.answering',
    layer: 'process',
    title: 'Every process of the API answers',
    from: 'api.replicas',
    judge: ({ replicas }, view) => {
      const silent = replicas.find(({ port, result }) => port === 'open' && result === 'timeout');
      // whoever waits for the database is silent for longer than the doctor waits, and need not hang itself
      return silent !== undefined && sawOf(view, 'database.app')?.result === 'timeout'
        ? blocked(
            `whether ${silent.url}, which says nothing, hangs as well shows when PostgreSQL answers again`,
          )
        : eachReplica(replicas, answering, 'all that listen answer');
    },
  }),
  checkOf({
    id: 'api.sound',
    layer: 'api',
    title: 'The API does not answer with an error of its own',
    from: 'api.replicas',
    judge: ({ replicas }) => eachReplica(replicas, failing, 'no answer of 500 or more'),
  }),
  checkOf({
    id: 'proxy.listening',
    layer: 'proxy',
    title: 'The port of the proxy accepts connections',
    from: 'proxy.answer',
    judge: ({ url, port }) =>
      port === 'open' ? pass(`${url} accepts connections`) : fail(`${url}: ${port}`),
  }),
  checkOf({
    id: 'proxy.reply',
    layer: 'proxy',
    title: 'Requests through the proxy are answered well',
    from: 'proxy.answer',
    judge: proxy => {
      if (proxy.port !== 'open') return blocked(`the port of ${proxy.url} is not open`);
      return isSound(proxy) ? pass('they are') : fail(`through ${proxy.url} ${saidBy(proxy)}`);
    },
  }),
  checkOf({
    id: 'proxy.passes',
    layer: 'proxy',
    title: 'The proxy passes requests on to the API',
    from: 'proxy.answer',
    judge: judgeProxy,
  }),
  checkOf({
    id: 'external.services',
    layer: 'external',
    title: 'What is needed of others answers in time',
    from: 'external.services',
    judge: ({ services }) => {
      const weak = services.flatMap(({ name, result, status, milliseconds, message }) => {
        if (result === 'timeout') return [`${name} does not answer within ${milliseconds} ms`];
        if (result === 'broken')
          return [`${name} cannot be reached${message === undefined ? '' : `: ${message}`}`];
        return status !== undefined && (status >= 500 || status === 429) ? [`${name} answers ${status}`] : [];
      });
      return weak.length > 0
        ? degraded(weak.join('; '))
        : pass(`${count(services.length, 'service')} answer`);
    },
  }),
];
