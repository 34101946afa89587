import type { ApiOperation, ApiParameter } from '../document/api-operation.ts';
import { isObject } from '../document/json-value.ts';
import { type ApiAnswer, jsonOf } from '../http/exchange.ts';
import { listIn } from '../requests/known-values.ts';
import { planRequest } from './plan-request.ts';
import { addFinding, type Credentials, call, type Run } from './run.ts';

const LIMIT_NAMES = /^(limit|per_?page|page_?size|size|first|count|take|max_?results|\$top)$/i;
const MANY = 1_000;

/** Whether a list keeps to its limit, and whether it has one; `first` is its answer to the plain request. */
export async function checkPagination(
  run: Run,
  operation: ApiOperation,
  credentials: Credentials,
  first: ApiAnswer,
): Promise<void> {
  const items = listIn(jsonOf(first))?.length;
  if (items === undefined) return;
  if (items > MANY) {
    const summary = `answered with ${items} items at once`;
    addFinding(run, { kind: 'pagination_missing', summary }, operation.id, first);
  }
  const limit = operation.parameters.find(item => item.place === 'query' && LIMIT_NAMES.test(item.name));
  if (limit === undefined) return;
  const { minimum, maximum } = boundsOf(run, limit);
  const small = Math.max(1, minimum);
  if (items > small) await expectAtMost(run, operation, credentials, { limit, asked: small, most: small });
  if (maximum !== undefined && items > 0) {
    await expectAtMost(run, operation, credentials, { limit, asked: maximum * 10 + 1, most: maximum });
  }
}

interface Expectation {
  readonly limit: ApiParameter;
  readonly asked: number;
  readonly most: number;
}

async function expectAtMost(
  run: Run,
  operation: ApiOperation,
  credentials: Credentials,
  { limit, asked, most }: Expectation,
): Promise<void> {
  const plan = planRequest(run, operation, { variant: 0, pathValues: 'any' });
  if ('impossible' in plan) return;
  const url = new URL(plan.url);
  url.searchParams.set(limit.name, String(asked));
  const request = { method: 'GET', url: url.href, headers: plan.headers, credentials, operation };
  const exchange = await call(run, request);
  if (exchange?.result !== 'answered' || exchange.status !== 200) return;
  const items = listIn(jsonOf(exchange))?.length ?? 0;
  if (items <= most) return;
  const summary = `answered with ${items} items to ${limit.name}=${asked}; ${most} is the most it may`;
  addFinding(run, { kind: 'pagination_ignored', summary }, operation.id, exchange);
}

function boundsOf(run: Run, { schema }: ApiParameter): { minimum: number; maximum: number | undefined } {
  const read = schema === undefined ? undefined : run.schemas.request.read(schema);
  const flat = isObject(read) && typeof read.$ref === 'string' ? run.schemas.request.find(read.$ref) : read;
  const { minimum, maximum } = isObject(flat) ? flat : {};
  return {
    minimum: typeof minimum === 'number' ? minimum : 1,
    maximum: typeof maximum === 'number' ? maximum : undefined,
  };
}
