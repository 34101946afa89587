import { judgeRedirect, redirectTarget } from '../judge/judge-redirect.ts';
import { changesSomething } from './examine-read.ts';
import { planRequest } from './plan-request.ts';
import { addFinding, type Call, call, type Run } from './run.ts';

/** Safe methods that few declare (RFC 9110 section 9.2.1, RFC 4918): trying them changes nothing. */
const SAFE_TRIES = ['GET', 'OPTIONS', 'PROPFIND'] as const;

/** Asks every path with methods that it does not declare, safe ones alone. */
export async function checkMethods(run: Run): Promise<void> {
  const byPath = Map.groupBy(run.operations, ({ path }) => path);
  for (const [path, operations] of byPath) {
    const [first] = operations;
    if (first === undefined) continue;
    const plan = planRequest(run, first, { variant: 0, pathValues: 'any' });
    if ('impossible' in plan) continue;
    for (const method of SAFE_TRIES) {
      const url = plan.url.split('?', 1)[0] ?? plan.url;
      if (operations.some(item => item.method === method) || isDeclaredElsewhere(run, path, url, method))
        continue;
      if (!(await tryMethod(run, path, { method, url, credentials: 'own' }))) return;
    }
  }
}

/** @returns false when nothing is left of the budget */
async function tryMethod(run: Run, path: string, request: Call): Promise<boolean> {
  const exchange = await call(run, request);
  if (exchange === undefined) return false;
  const operation = `${request.method} ${path}`;
  if (exchange.result !== 'answered') {
    addFinding(
      run,
      { kind: 'no_answer', summary: `gave no answer: ${exchange.message}` },
      operation,
      exchange,
    );
    return true;
  }
  const { status } = exchange;
  const redirect = judgeRedirect(exchange, changesSomething(run, path));
  if (redirect !== undefined && redirectTarget(exchange) !== undefined) {
    addFinding(run, redirect, changingOperation(run, path) ?? operation, exchange);
  } else if (status >= 200 && status <= 299 && request.method !== 'OPTIONS') {
    addFinding(
      run,
      { kind: 'method_undeclared', summary: `answered ${status}, and is not declared` },
      operation,
      exchange,
    );
  } else if (status >= 500 && status !== 501) {
    addFinding(
      run,
      // of OPTIONS, which browsers send, more is expected
      request.method === 'OPTIONS'
        ? { kind: 'server_error', summary: `answered ${status} rather than 405` }
        : { kind: 'method_error', summary: `(a method it does not have) answered ${status} rather than 405` },
      operation,
      exchange,
    );
  } else if ((status === 404 || status === 405) && request.method !== 'OPTIONS') {
    run.errors.push({ operation, answer: exchange, described: false });
  }
  return true;
}

function changingOperation(run: Run, path: string): string | undefined {
  return run.operations.find(item => item.path === path && item.method !== 'GET')?.id;
}

/** `/orders/search` may be `/orders/{id}` of another operation. */
function isDeclaredElsewhere({ operations, base }: Run, path: string, url: string, method: string): boolean {
  const concrete = url.slice(base.length);
  return operations.some(other => {
    if (other.path === path || other.method !== method) return false;
    const pattern = other.path
      .split(/\{[^}]+\}/)
      .map(text => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('[^/]+');
    return new RegExp(`^${pattern}$`).test(concrete);
  });
}

/** A path that no API has: how errors look where no operation answers. */
export async function checkUnknownPath(run: Run): Promise<void> {
  const url = `${run.base}/holdfast-probe-of-a-path-that-does-not-exist`;
  const exchange = await call(run, { method: 'GET', url, credentials: 'own' });
  if (exchange?.result !== 'answered') return;
  const { status } = exchange;
  if (status >= 500) {
    addFinding(
      run,
      { kind: 'server_error', summary: `answered ${status} to an unknown path` },
      undefined,
      exchange,
    );
  } else if (status >= 400) {
    run.errors.push({ operation: undefined, answer: exchange, described: false });
  }
}
