import type { Clock } from '@holdfast/core';
import type { ConformanceTarget, OtherTarget } from '../config/other-target.ts';
import {
  type ApiReport,
  checkApi,
  type LoadedDocument,
  loadDocument,
  refusedByAll,
} from '../conformance/index.ts';
import { couldNotLook, type Looks, type ProbeTools, type RunProbe, sawIn } from '../probes/probe.ts';
import type { ConformanceSighting } from '../sightings.ts';
import { isSound } from './reach.ts';

/** For both ways together. */
const ALL_MS = 6_000;
/** After it no request is begun on one way; the last one may take its time. */
const RUN_MS = 3_000;
const REQUEST_MS = 2_000;
const REQUESTS_PER_SECOND = 200;
const MAX_REQUESTS = 400;
/** Two answers at least for each operation: the plain one, and another. */
const VARIANTS = 1;
const SEED = 1;

/**
 * Asks every operation of the document that only reads, directly and through the proxy. Signing in, where that is configured, is
 * the only request that is no read.
 */
export async function lookAtConformance(
  { api }: OtherTarget,
  reached: Looks,
  run: RunProbe,
  clock: Clock,
): Promise<Looks> {
  const { conformance } = api;
  if (conformance === undefined)
    return { 'api.conformance': couldNotLook('the configuration names no OpenAPI document') };
  const direct = sawIn(reached, 'api.replicas')?.replicas.find(isSound)?.url;
  const proxy = sawIn(reached, 'proxy.answer');
  const proxied = proxy !== undefined && isSound(proxy) ? proxy.url : undefined;
  const begin = clock.monotonic();
  const left = (): number => Math.max(REQUEST_MS, ALL_MS - (clock.monotonic() - begin));
  const ahead =
    api.urls.length === 0
      ? {}
      : await lookThrough('api.conformance', 'api.replicas', { url: direct, conformance, left: left() }, run);
  if (api.proxyUrl === undefined) return ahead;
  const hangs = sawIn(ahead, 'api.conformance')?.findings.some(({ kind }) => kind === 'no_answer') === true;
  // a request that hangs keeps a connection of the API's; more of them would make it worse
  const behind = hangs
    ? { 'proxy.conformance': couldNotLook('the API itself lets requests hang', 'api.conformance') }
    : await lookThrough(
        'proxy.conformance',
        'proxy.answer',
        { url: proxied, conformance, left: left() },
        run,
      );
  return { ...ahead, ...behind };
}

interface Way {
  readonly url: string | undefined;
  readonly conformance: ConformanceTarget;
  /** Milliseconds. */
  readonly left: number;
}

async function lookThrough(
  id: 'api.conformance' | 'proxy.conformance',
  needs: 'api.replicas' | 'proxy.answer',
  { url, conformance, left }: Way,
  run: RunProbe,
): Promise<Looks> {
  if (url === undefined) return { [id]: couldNotLook('nothing there answers well', needs) };
  return run(id, [id], left, async tools => {
    const document = await loadDocument(conformance.openapi);
    const report = await ask(document, url, conformance, {
      ...tools,
      maxMs: Math.min(RUN_MS, left - REQUEST_MS / 2) * tools.patience,
    });
    if (report.status === 'not_examined' && refusedByAll(report).length === 0)
      return { [id]: couldNotLook('no operation could be asked', needs) };
    return { [id]: { saw: sightingOf(report, url, conformance) } };
  });
}

function ask(
  document: LoadedDocument,
  url: string,
  { access, origins, publicUrl }: ConformanceTarget,
  { signal, clock, patience, maxMs }: ProbeTools & { readonly maxMs: number },
): Promise<ApiReport> {
  const { target, resolve } = underPublicName(url, publicUrl);
  return checkApi(document, {
    ...{ apiUrls: [target], resolve, access, origins, signal, clock, seed: SEED },
    perOperation: VARIANTS,
    timeoutMs: REQUEST_MS,
    maxMs,
    requestsPerSecond: REQUESTS_PER_SECOND,
    maxRequests: Math.round(MAX_REQUESTS * patience),
  });
}

/** The same place under the name that browsers know, with the scheme and port that lead there. */
function underPublicName(
  url: string,
  publicUrl: string | undefined,
): { readonly target: string; readonly resolve: Readonly<Record<string, string>> } {
  if (publicUrl === undefined) return { target: url, resolve: {} };
  const there = new URL(url);
  const { hostname: address } = there;
  there.hostname = new URL(publicUrl).hostname;
  return { target: there.href.replace(/\/$/, ''), resolve: { [there.hostname]: address } };
}

const ENOUGH_ANSWERS = 2;

function sightingOf(
  { findings, operations, requests, notExamined, document }: ApiReport,
  target: string,
  { accepted, access }: ConformanceTarget,
): ConformanceSighting {
  const isAccepted = (kind: string, operation: string | undefined): boolean =>
    accepted.includes(kind) || accepted.includes(`${kind} ${operation}`);
  return {
    target,
    operations: document.operations,
    requests,
    findings: findings
      .filter(({ kind, operation }) => !isAccepted(kind, operation))
      .map(({ kind, operation = null, summary, example }) => ({
        ...{ kind, operation, summary },
        ...(example?.status === undefined ? {} : { status: example.status }),
      })),
    times: operations.flatMap(({ operation, p50, requests: asked }) =>
      p50 === undefined || asked < ENOUGH_ANSWERS ? [] : [{ operation, milliseconds: p50 }],
    ),
    // what is said of no operation is said of the run: it came to its end before it was through
    complete: notExamined.every(({ operation }) => operation !== undefined),
    issued: access.kind === 'sign-in' && access.signIn.token !== undefined,
    refused: refusedByAll({ notExamined }),
  };
}
