import type { ApiOperation } from '../document/api-operation.ts';
import { jsonOf } from '../http/exchange.ts';
import { ask } from './examine-read.ts';
import { planRequest } from './plan-request.ts';
import { leaveOut, type Run } from './run.ts';

/** Why an operation that changes something was not asked. */
export const CHANGES = 'it changes something (--allow-writes)';

const ORDER = ['POST', 'PUT', 'PATCH', 'DELETE'];

/** Operations that would end the session or the account that the rest of the run needs. */
const ENDS_ACCESS =
  /log-?out|sign-?out|revoke|password|deactivate|close-?account|refresh|step-?up|sessions?(\/|$)/i;
const OF_ITSELF = /\/(me|self|current)(\/|$)/;

/**
 * Examines operations that change something: creations first, then changes and removals of what this run has created, and
 * of nothing else. What creates is called once with what is required and once with everything.
 */
export async function examineWrites(
  run: Run,
  operations: readonly ApiOperation[],
  allowed: boolean,
): Promise<void> {
  const sorted = operations.toSorted(
    (a, b) => ORDER.indexOf(a.method) - ORDER.indexOf(b.method) || a.parameters.length - b.parameters.length,
  );
  for (const operation of sorted) {
    const why = allowed ? reasonAgainst(run, operation) : CHANGES;
    if (why !== undefined) leaveOut(run, operation.id, why);
    else await examineWrite(run, operation);
  }
}

function reasonAgainst(run: Run, { id, path, method, security }: ApiOperation): string | undefined {
  if (ENDS_ACCESS.test(id)) return 'it could end the session or the account of this run';
  const { access, missing } = run.session;
  if (access.kind === 'sign-in' && access.signIn.path === path) return 'the sign-in itself';
  if (security.length > 0 && missing !== undefined) return `it asks for credentials, and ${missing}`;
  const named = path.includes('{');
  if (method !== 'POST' && !named && !OF_ITSELF.test(path)) return 'it could change what others own';
  return method === 'DELETE' && OF_ITSELF.test(path) && !named
    ? 'it could remove the account of this run'
    : undefined;
}

async function examineWrite(run: Run, operation: ApiOperation): Promise<void> {
  const variants = operation.method === 'POST' || operation.body !== undefined ? [0, 1] : [0];
  for (const variant of variants) if (!(await tryWrite(run, operation, variant))) return;
}

/** @returns whether another try makes sense */
async function tryWrite(run: Run, operation: ApiOperation, variant: number): Promise<boolean> {
  const plan = planRequest(run, operation, { variant, pathValues: 'own' });
  if ('impossible' in plan) {
    if (variant === 0) leaveOut(run, operation.id, plan.impossible);
    return false;
  }
  const credentials = operation.security.length > 0 && run.session.missing === undefined ? 'own' : 'none';
  const exchange = await ask(run, operation, plan, credentials);
  if (exchange?.result !== 'answered') return false;
  if (operation.method === 'POST' && exchange.status >= 200 && exchange.status <= 299) {
    run.known.learnOwn(operation.path, jsonOf(exchange));
  }
  return true;
}
