import type { ApiOperation } from '../document/api-operation.ts';
import type { ApiAnswer } from '../http/exchange.ts';
import {
  judgeAllowedOrigin,
  judgeForeignOrigin,
  judgePreflight,
  type Preflight,
} from '../judge/judge-cors.ts';
import { judgeRedirect } from '../judge/judge-redirect.ts';
import type { Verdict } from '../report/collect-findings.ts';
import { changesSomething } from './examine-read.ts';
import { planRequest } from './plan-request.ts';
import { addFinding, call, type Run } from './run.ts';

/** An origin that no list holds: .invalid belongs to nobody (RFC 2606). */
const FOREIGN_ORIGIN = 'https://holdfast-probe.invalid';

/** Asks as the pages of the configured origins would, and as a page that nobody knows. Preflights change nothing. */
export async function checkCors(run: Run, credentials: boolean): Promise<void> {
  const { origins = [] } = run.options;
  for (const operation of run.operations) {
    const plan = planRequest(run, operation, { variant: 0, pathValues: 'any' });
    if ('impossible' in plan) continue;
    const url = plan.url.split('?', 1)[0] ?? plan.url;
    for (const origin of origins) {
      if (!(await checkOrigin(run, { operation, url, origin, credentials }))) return;
    }
  }
  await checkForeignOrigin(run);
}

interface Asking {
  readonly operation: ApiOperation;
  readonly url: string;
  readonly origin: string;
  readonly credentials: boolean;
}

/** @returns false when nothing is left of the budget */
async function checkOrigin(run: Run, { operation, url, origin, credentials }: Asking): Promise<boolean> {
  const headers = neededHeaders(run, operation);
  const exchange = await call(run, {
    method: 'OPTIONS',
    url,
    headers: {
      origin,
      'access-control-request-method': operation.method,
      ...(headers.length === 0 ? {} : { 'access-control-request-headers': headers.join(',') }),
    },
    credentials: 'none',
  });
  if (exchange === undefined) return false;
  if (exchange.result !== 'answered') return true;
  const verdict = verdictOn(run, exchange, { origin, method: operation.method, headers, credentials });
  if (verdict !== undefined) addFinding(run, verdict, operation.id, exchange);
  else if (operation.method === 'GET' && operation.security.length === 0) {
    const actual = await call(run, { method: 'GET', url, headers: { origin }, credentials: 'none' });
    const problem =
      actual?.result === 'answered' && actual.status < 500
        ? judgeAllowedOrigin(actual, { origin, credentials })
        : undefined;
    if (problem !== undefined) addFinding(run, problem, operation.id, actual);
  }
  return true;
}

/** A preflight that fails or is redirected, which browsers refuse, tells of that rather than of CORS. */
function verdictOn(run: Run, answer: ApiAnswer, preflight: Preflight): Verdict | undefined {
  if (answer.status >= 500)
    return { kind: 'server_error', summary: `answered a preflight with ${answer.status}` };
  return (
    judgeRedirect(answer, changesSomething(run, pathOf(run, answer))) ?? judgePreflight(answer, preflight)
  );
}

function pathOf({ base }: Run, { request }: ApiAnswer): string {
  return request.url.slice(base.length);
}

/** The headers that a page sends and that a browser asks for first. */
function neededHeaders({ session }: Run, { security, body }: ApiOperation): string[] {
  const json = (body?.contents ?? []).some(({ mediaType }) => mediaType.includes('json'));
  const authorization =
    security.length > 0 && 'authorization' in session.headers('GET', 'http://unused.invalid/');
  return [...(authorization ? ['authorization'] : []), ...(json ? ['content-type'] : [])];
}

async function checkForeignOrigin(run: Run): Promise<void> {
  const operation = run.operations.find(({ method }) => method === 'GET');
  const plan =
    operation === undefined ? undefined : planRequest(run, operation, { variant: 0, pathValues: 'any' });
  if (operation === undefined || plan === undefined || 'impossible' in plan) return;
  for (const method of ['GET', 'OPTIONS']) {
    const preflight: Record<string, string> =
      method === 'OPTIONS' ? { 'access-control-request-method': 'POST' } : {};
    const exchange = await call(run, {
      method,
      url: plan.url,
      headers: { origin: FOREIGN_ORIGIN, ...preflight },
      credentials: 'none',
    });
    const verdict =
      exchange?.result === 'answered' ? judgeForeignOrigin(exchange, FOREIGN_ORIGIN) : undefined;
    if (verdict !== undefined) return addFinding(run, verdict, undefined, exchange);
  }
}
