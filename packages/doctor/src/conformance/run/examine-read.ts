import { type ApiOperation, declaredResponse, isProtected, isPublic } from '../document/api-operation.ts';
import { type ApiAnswer, type Exchange, jsonOf } from '../http/exchange.ts';
import { isHtml, judgeAnswer } from '../judge/judge-answer.ts';
import { judgeCookies } from '../judge/judge-cookies.ts';
import { judgeRedirect, redirectTarget } from '../judge/judge-redirect.ts';
import { checkPagination } from './check-pagination.ts';
import { type PlannedRequest, planRequest } from './plan-request.ts';
import { addFinding, type Call, type Credentials, call, leaveOut, type Run } from './run.ts';

/** Examines an operation that changes nothing: with and without credentials, with and without what is optional. */
export async function examineRead(run: Run, operation: ApiOperation): Promise<void> {
  const plan = planRequest(run, operation, { variant: 0, pathValues: 'any' });
  if ('impossible' in plan) return leaveOut(run, operation.id, plan.impossible);
  const credentials: Credentials = !isPublic(operation) && run.session.missing === undefined ? 'own' : 'none';
  if (isProtected(operation) && credentials === 'none') {
    await tryWithoutCredentials(run, operation, plan);
    return leaveOut(run, operation.id, `it asks for credentials, and ${run.session.missing}`);
  }
  const first = await ask(run, operation, plan, credentials);
  if (first === undefined)
    return leaveOut(run, operation.id, run.budget.spent ?? 'nothing was left of the budget');
  if (first.result !== 'answered') return;
  if (credentials === 'own' && isProtected(operation)) run.entries.set(operation.id, first.status);
  // what became of the credentials is judged when all were asked
  if (run.entries.get(operation.id) === 401) return;
  const refused = refusedWhy(operation, first, credentials);
  if (refused !== undefined) return leaveOut(run, operation.id, refused);
  if (first.status >= 500 || redirectTarget(first) !== undefined) return;
  if (first.status <= 299) await examineSuccess(run, operation, { plan, credentials, first });
  await tryVariants(run, operation, credentials);
}

/** What only an answer with success lets one ask further. */
async function examineSuccess(
  run: Run,
  operation: ApiOperation,
  { plan, credentials, first }: Success,
): Promise<void> {
  if (isProtected(operation)) await tryWithoutCredentials(run, operation, plan);
  if (operation.method !== 'GET') return;
  await tryHead(run, operation, plan, credentials);
  await checkPagination(run, operation, credentials, first);
}

interface Success {
  readonly plan: PlannedRequest;
  readonly credentials: Credentials;
  readonly first: ApiAnswer;
}

/** What is refused to these credentials cannot be judged, and is no fault of the API. */
function refusedWhy(
  operation: ApiOperation,
  { status }: ApiAnswer,
  credentials: Credentials,
): string | undefined {
  if (credentials !== 'own' || declaredResponse(operation, status) === undefined) return undefined;
  if (status === 401) return 'the credentials were refused (401)';
  return status === 403 ? 'it is not permitted to these credentials (403)' : undefined;
}

/** With nothing optional to choose, the first variant is the plain request again: times need more than one look. */
async function tryVariants(run: Run, operation: ApiOperation, credentials: Credentials): Promise<void> {
  const seen = new Set<string>();
  for (let variant = 1; variant <= run.options.perOperation; variant += 1) {
    const plan = planRequest(run, operation, { variant, pathValues: 'any' });
    if ('impossible' in plan) return;
    const key = JSON.stringify([plan.url, plan.headers, plan.body]);
    if (seen.has(key)) continue;
    seen.add(key);
    const exchange = await ask(run, operation, plan, credentials);
    // one request that hangs says it all
    if (exchange === undefined || exchange.result !== 'answered') return;
  }
}

/** Sends a planned request and judges its answer. */
export async function ask(
  run: Run,
  operation: ApiOperation,
  plan: PlannedRequest,
  credentials: Credentials,
): Promise<Exchange | undefined> {
  const exchange = await call(run, callOf(operation, plan, credentials));
  if (exchange === undefined) return undefined;
  const verdict = verdictOn(run, operation, exchange, credentials);
  if (verdict !== undefined) addFinding(run, verdict, operation.id, exchange);
  if (exchange.result === 'answered') await takeIn(run, operation, exchange, verdict === undefined);
  return exchange;
}

export function callOf(operation: ApiOperation, plan: PlannedRequest, credentials: Credentials): Call {
  const { known: _known, ...request } = plan;
  return { ...request, credentials, operation };
}

function verdictOn(run: Run, operation: ApiOperation, exchange: Exchange, credentials: Credentials) {
  if (exchange.result === 'answered') {
    const { status } = exchange;
    const redirect = judgeRedirect(exchange, changesSomething(run, operation.path));
    if (redirect !== undefined) return redirect;
    const refused = status === 401 || status === 403;
    if (
      refused &&
      credentials === 'none' &&
      isPublic(operation) &&
      declaredResponse(operation, status) === undefined
    ) {
      return { kind: 'auth_over_strict', summary: `answered ${status} without credentials` } as const;
    }
  }
  return judgeAnswer(operation, exchange, run.schemas.response);
}

export function changesSomething(run: Run, path: string): boolean {
  return run.operations.some(
    other => other.path === path && !['GET', 'HEAD', 'OPTIONS'].includes(other.method),
  );
}

/** Learns from an answer what later requests can use, and follows where it leads. */
async function takeIn(run: Run, operation: ApiOperation, answer: ApiAnswer, fine: boolean): Promise<void> {
  for (const verdict of judgeCookies(answer, run.cookies)) addFinding(run, verdict, operation.id, answer);
  if (answer.status >= 200 && answer.status <= 299) run.known.learn(operation.path, jsonOf(answer));
  if (answer.status >= 400 && answer.status < 500) {
    const declared = declaredResponse(operation, answer.status);
    const described = (declared?.contents ?? []).some(({ schema }) => schema !== undefined);
    // what has been judged already is not told of a second time
    if (fine || described) run.errors.push({ operation: operation.id, answer, described: fine && described });
  }
  if (operation.method === 'GET') await followRedirects(run, operation, answer);
}

const MAX_REDIRECTS = 10;

/** Goes after a redirect on the same origin, to see whether it ends, and to learn what is there. */
async function followRedirects(run: Run, operation: ApiOperation, first: ApiAnswer): Promise<void> {
  const visited = new Set([first.request.url]);
  let answer: ApiAnswer = first;
  for (let hops = 0; ; hops += 1) {
    const to = redirectTarget(answer);
    if (to === undefined || to.origin !== new URL(first.request.url).origin) return;
    if (visited.has(to.href) || hops === MAX_REDIRECTS) {
      const summary = `is redirected again and again, from ${answer.request.url} to ${to.href}`;
      return addFinding(run, { kind: 'redirect_loop', summary }, operation.id, answer);
    }
    visited.add(to.href);
    const next = await call(run, { method: 'GET', url: to.href, credentials: 'own' });
    if (next?.result !== 'answered') return;
    answer = next;
    if (answer.status >= 200 && answer.status <= 299) run.known.learn(operation.path, jsonOf(answer));
  }
}

/** Without credentials, and with some that nobody issued: both must be refused. */
async function tryWithoutCredentials(run: Run, operation: ApiOperation, plan: PlannedRequest): Promise<void> {
  for (const credentials of ['none', 'invalid'] as const) {
    const exchange = await call(run, { ...callOf(operation, plan, credentials) });
    if (exchange?.result !== 'answered') return;
    const { status } = exchange;
    const how = credentials === 'none' ? 'without credentials' : 'to credentials that nobody issued';
    if (status >= 200 && status <= 299 && !isHtml(exchange)) {
      addFinding(run, { kind: 'auth_ignored', summary: `answered ${status} ${how}` }, operation.id, exchange);
      return;
    }
    if (status >= 500) {
      addFinding(run, { kind: 'server_error', summary: `answered ${status} ${how}` }, operation.id, exchange);
      return;
    }
    if (status >= 400) run.errors.push({ operation: operation.id, answer: exchange, described: false });
  }
}

/** HEAD is GET without a body (RFC 9110 section 9.3.2), or not there at all. */
async function tryHead(
  run: Run,
  operation: ApiOperation,
  plan: PlannedRequest,
  credentials: Credentials,
): Promise<void> {
  if (run.operations.some(other => other.method === 'HEAD' && other.path === operation.path)) return;
  const exchange = await call(run, { ...callOf(operation, plan, credentials), method: 'HEAD' });
  if (exchange === undefined) return;
  if (exchange.result !== 'answered' || exchange.status >= 500) {
    if (exchange.result === 'answered' && exchange.status === 501) return;
    const what =
      exchange.result === 'answered' ? `answered HEAD with ${exchange.status}` : `gave HEAD no answer`;
    return addFinding(run, { kind: 'server_error', summary: what }, operation.id, exchange);
  }
  if (exchange.status >= 300 && ![404, 405].includes(exchange.status)) {
    const summary = `answered HEAD with ${exchange.status}, and GET with success`;
    addFinding(run, { kind: 'head_differs', summary }, operation.id, exchange);
  }
}
