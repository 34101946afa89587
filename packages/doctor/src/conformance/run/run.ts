import type { Clock } from '@holdfast/core';
import type { ApiOperation } from '../document/api-operation.ts';
import type { JsonObject } from '../document/json-value.ts';
import type { Schemas } from '../document/schemas.ts';
import type { Budget } from '../http/budget.ts';
import type { ApiAnswer, ApiRequest, Exchange } from '../http/exchange.ts';
import type { Sender } from '../http/send-request.ts';
import type { ErrorAnswer } from '../judge/error-forms.ts';
import type { CookieExpectations } from '../judge/judge-cookies.ts';
import type { NotExamined } from '../report/api-report.ts';
import type { FindingCollector, Verdict } from '../report/collect-findings.ts';
import type { KnownValues } from '../requests/known-values.ts';
import type { CheckApiOptions } from './options.ts';
import type { Session } from './session.ts';
import type { Tally } from './tally.ts';

/** Everything that the examination of one target shares. */
export interface Run {
  readonly target: string;
  readonly base: string;
  readonly operations: readonly ApiOperation[];
  readonly schemas: { readonly request: Schemas; readonly response: Schemas };
  readonly options: CheckApiOptions & { readonly seed: number; readonly perOperation: number };
  readonly clock: Clock;
  readonly sender: Sender;
  readonly budget: Budget;
  readonly session: Session;
  readonly known: KnownValues;
  readonly tally: Tally;
  readonly findings: FindingCollector;
  readonly notExamined: NotExamined[];
  readonly errors: ErrorAnswer[];
  /** The status that operations which ask for credentials answered to those of the run. */
  readonly entries: Map<string, number>;
  /** The security schemes of the document, by name. */
  readonly schemes: JsonObject;
  readonly cookies: CookieExpectations;
}

export type Credentials = 'own' | 'none' | 'invalid';

export interface Call extends Omit<ApiRequest, 'headers'> {
  readonly headers?: Readonly<Record<string, string>>;
  readonly credentials: Credentials;
  /** The operation whose times and cookies these are. */
  readonly operation?: ApiOperation;
}

const MAX_WAITS = 2;
const MAX_SIGN_INS = 3;
const signIns = new WeakMap<Run, number>();

/** Sends a request within the budget; undefined when nothing is left of it. Waits where the server asks for it. */
export async function call(run: Run, request: Call): Promise<Exchange | undefined> {
  for (let waits = 0; ; waits += 1) {
    const exchange = await callOnce(run, request);
    if (exchange?.result !== 'answered') return exchange;
    if (exchange.status === 429 && waits < MAX_WAITS && run.budget.pause(pauseOf(exchange, run.clock)))
      continue;
    if (exchange.status === 401 && request.credentials === 'own' && waits === 0 && (await signInAgain(run)))
      continue;
    return exchange;
  }
}

async function callOnce(
  run: Run,
  { credentials, operation, headers, ...request }: Call,
): Promise<Exchange | undefined> {
  if (!(await run.budget.take())) return undefined;
  const exchange = await run.sender.send({
    ...request,
    headers: {
      accept: 'application/json, */*;q=0.5',
      'accept-encoding': 'gzip, deflate, br',
      'user-agent': 'holdfast-api-check',
      ...headers,
      ...credentialHeaders(run, credentials, request),
    },
  });
  if (operation !== undefined) run.tally.record(operation.id, exchange);
  if (exchange.result === 'answered' && credentials === 'own' && run.session.access.kind === 'sign-in') {
    run.session.keep(exchange);
  }
  return exchange;
}

function credentialHeaders(
  run: Run,
  credentials: Credentials,
  request: ApiRequest | Omit<ApiRequest, 'headers'>,
): Record<string, string> {
  if (credentials === 'none') return {};
  const own = run.session.headers(request.method, request.url);
  if (credentials === 'own') return own;
  if (Object.keys(own).length === 0) return { authorization: 'Bearer not-a-token-of-this-api' };
  return Object.fromEntries(Object.entries(own).map(([name, value]) => [name, spoil(value)]));
}

/** Credentials of the right form that nobody issued. */
function spoil(value: string): string {
  const spoilt = value.replaceAll(/[A-Za-z0-9_-]{6,}/g, text =>
    text === 'Bearer' ? text : `${text.slice(0, 3)}${'0'.repeat(text.length - 3)}`,
  );
  return spoilt === value ? 'not-a-credential-of-this-api' : spoilt;
}

/** Retry-After as seconds or as a date (RFC 9110 section 10.2.3); a second without it. */
function pauseOf({ headers }: ApiAnswer, clock: Clock): number {
  const text = headers['retry-after'] ?? '1';
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  const until = Date.parse(text);
  return Number.isNaN(until) ? 1_000 : Math.max(0, until - clock.now());
}

async function signInAgain(run: Run): Promise<boolean> {
  const before = signIns.get(run) ?? 0;
  // where no operation has taken a token yet, another one shows whether it was the token, and a third one nothing more
  const most = [...run.entries.values()].some(status => status < 400) ? MAX_SIGN_INS : 1;
  if (run.session.access.kind !== 'sign-in' || run.session.missing !== undefined || before >= most)
    return false;
  signIns.set(run, before + 1);
  await run.session.signIn(request => run.sender.send(request));
  return run.session.missing === undefined;
}

export function addFinding(
  run: Run,
  verdict: Verdict,
  operation: string | undefined,
  exchange?: Exchange,
): void {
  const { target, session, options } = run;
  const about = { operation, target, secrets: session.secrets(), resolve: options.resolve ?? {} };
  run.findings.add(verdict, { ...about, ...(exchange === undefined ? {} : { exchange }) });
}

export function leaveOut(run: Run, operation: string | undefined, why: string): void {
  run.notExamined.push({ operation, target: run.target, why });
}
