import { type ApiOperation, SAFE_METHODS } from '../document/api-operation.ts';
import { findOutliers } from '../judge/error-forms.ts';
import { judgeCookies } from '../judge/judge-cookies.ts';
import { judgeRedirect, redirectTarget } from '../judge/judge-redirect.ts';
import { isJsonType } from '../requests/write-body.ts';
import { checkCors } from './check-cors.ts';
import { checkMethods, checkUnknownPath } from './check-methods.ts';
import { examineRead } from './examine-read.ts';
import { examineWrites } from './examine-writes.ts';
import { judgeEntry } from './judge-entry.ts';
import { DEFAULTS } from './options.ts';
import { addFinding, call, leaveOut, type Run } from './run.ts';

/** Examines one target. @returns false when it could not be reached at all */
export async function examineTarget(run: Run, corsCredentials: boolean): Promise<boolean> {
  if (!(await isReachable(run))) return false;
  await signIn(run);
  const chosen = run.operations.filter(operation => isChosen(run, operation));
  const reads = chosen.filter(({ method }) => SAFE_METHODS.has(method)).toSorted(byNeed);
  for (const [done, operation] of reads.entries()) {
    const { target, budget, options } = run;
    options.onProgress?.({
      target,
      done,
      operations: reads.length,
      requests: budget.used,
      now: operation.id,
    });
    await examineRead(run, operation);
  }
  judgeEntry(run);
  const writes = chosen.filter(({ method }) => !SAFE_METHODS.has(method) && method !== 'TRACE');
  await examineWrites(run, writes, run.options.allowWrites === true);
  await checkUnknownPath(run);
  if (run.options.only === undefined) await checkMethods(run);
  await checkCors(run, corsCredentials);
  for (const { verdict, error } of findOutliers(run.errors, speaksJson(run)))
    addFinding(run, verdict, error.operation, error.answer);
  findSlow(run);
  if (run.budget.spent !== undefined) leaveOut(run, undefined, run.budget.spent);
  return true;
}

function speaksJson({ operations }: Run): boolean {
  const contents = operations.flatMap(({ responses }) => responses.flatMap(response => response.contents));
  return contents.some(({ mediaType }) => isJsonType(mediaType));
}

function isChosen({ options }: Run, { id, operationId, path }: ApiOperation): boolean {
  return options.only?.some(name => [id, operationId, path].includes(name)) ?? true;
}

/** Lists before single things: they tell which there are. */
function byNeed(a: ApiOperation, b: ApiOperation): number {
  const needs = ({ parameters }: ApiOperation) => parameters.filter(({ place }) => place === 'path').length;
  return needs(a) - needs(b);
}

const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ECONNRESET',
]);

async function isReachable(run: Run): Promise<boolean> {
  const exchange = await call(run, { method: 'GET', url: `${run.base}/`, credentials: 'none' });
  if (exchange === undefined || exchange.result === 'answered') return true;
  const { code, message, result } = exchange;
  const tls = code?.startsWith('ERR_TLS') === true || /certificate/i.test(message);
  if (result === 'broken' && !UNREACHABLE.has(code ?? '') && !tls) return true;
  leaveOut(run, undefined, `${run.base} cannot be reached: ${message}`);
  return false;
}

/** Signs in where that is needed; a redirect that loses the request is found on the way. */
async function signIn(run: Run): Promise<void> {
  const { session, operations } = run;
  if (session.access.kind !== 'sign-in') return;
  const { path, method = 'POST' } = session.access.signIn;
  const operation =
    operations.find(item => item.path === path && item.method === method)?.id ?? `${method} ${path}`;
  const exchanges = await session.signIn(request => run.sender.send(request));
  for (const exchange of exchanges) {
    if (exchange.result !== 'answered') continue;
    if (redirectTarget(exchange) !== undefined && exchange.status < 307) {
      const summary = `answered ${exchange.status} to ${exchange.headers.location}; the sign-in becomes a GET on the way`;
      const slash = judgeRedirect(exchange, true);
      addFinding(run, slash ?? { kind: 'redirect_method', summary }, operation, exchange);
    }
    for (const verdict of judgeCookies(exchange, run.cookies)) addFinding(run, verdict, operation, exchange);
  }
  const last = exchanges.at(-1);
  const lost = exchanges.length > 1 || (last?.result === 'answered' && cookiesRefused(run, last));
  if (session.missing !== undefined && !lost) {
    addFinding(
      run,
      { kind: 'sign_in_failed', summary: `did not let the account in: ${session.missing}` },
      operation,
      last,
    );
  }
}

function cookiesRefused(run: Run, answer: Parameters<typeof judgeCookies>[0]): boolean {
  return judgeCookies(answer, run.cookies).some(({ kind }) => kind === 'cookie_refused');
}

/** Answers below which a median says nothing. */
const ENOUGH = 3;

function findSlow(run: Run): void {
  const limit = run.options.slowMs ?? DEFAULTS.slowMs;
  for (const { operation, p50, statuses } of run.tally.list(run.target)) {
    const timed = Object.entries(statuses).reduce(
      (sum, [status, count]) => sum + (Number(status) < 400 ? count : 0),
      0,
    );
    if (p50 === undefined || p50 <= limit || timed < ENOUGH) continue;
    addFinding(run, { kind: 'slow', summary: `takes ${Math.round(p50)} ms in the middle` }, operation);
  }
}
