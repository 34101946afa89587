import type { Clock } from '@holdfast/core';
import type { SightingId, StepSighting } from '../sightings.ts';
import { type Answer, ask } from './ask.ts';
import { allBlind, couldNotLook, type Looks, type ProbeTools } from './probe.ts';
import type { Credentials } from './probe-account.ts';

const STEP_MS = 3_000;
const REVOCATION_MS = 1_500;
const POLL_MS = 50;

export const SIGN_IN_IDS = [
  'auth.login',
  'auth.token',
  'auth.validate',
  'auth.refresh',
  'auth.old_token',
  'auth.logout',
  'auth.revocation',
] as const satisfies readonly SightingId[];

interface Tokens {
  readonly accessToken?: string;
  readonly refreshToken?: string;
  readonly expiresIn?: number;
  readonly refreshExpiresIn?: number;
}

/** Answers to a sign-in that speak of the account or of the number of its attempts, and not of how signing in works. */
const NOT_ABOUT_AUTH: readonly string[] = ['account_disabled', 'rate_limited'];

/**
 * Signs the probe account in, uses its token, refreshes it, signs out and makes sure that the token has lost its worth.
 * `whileSignedIn` runs with a fresh token, before the refresh.
 */
export async function lookAtSignIn(
  url: string,
  credentials: Credentials,
  tools: ProbeTools,
  whileSignedIn: (token: string) => Promise<Looks>,
): Promise<Looks> {
  const call = (path: string, options: { token?: string; body?: unknown } = {}) =>
    ask(
      {
        url: `${url}/api/v1${path}`,
        method: options.body === undefined ? 'GET' : 'POST',
        ...options,
        timeoutMs: STEP_MS,
      },
      tools,
    );
  const login = await call('/auth/login', { body: credentials });
  const { accessToken: first, refreshToken, expiresIn, refreshExpiresIn } = tokensOf(login);
  const code = codeOf(login);
  if (code !== undefined && NOT_ABOUT_AUTH.includes(code)) {
    return allBlind(SIGN_IN_IDS, `somebody has shut the probe account out (${code})`);
  }
  const lifetimes = { accessSeconds: expiresIn, refreshSeconds: refreshExpiresIn };
  const step = stepOf(login, 200, first !== undefined);
  const loggedIn = { 'auth.login': { saw: step.ok ? { ...step, ...lifetimes } : step } };
  if (first === undefined) {
    const blind = allBlind(SIGN_IN_IDS.slice(1), 'the probe account could not sign in', 'auth.login');
    return { ...loggedIn, ...blind };
  }
  const me = await call('/users/me', { token: first });
  const validated = await call('/auth/validate', { body: { token: first } });
  const others = await whileSignedIn(first);
  const refreshed = await call('/auth/refresh', { body: { refreshToken } });
  const second = tokensOf(refreshed).accessToken;
  const old = await call('/users/me', { token: first });
  const logout = await call('/auth/logout', { token: second ?? first, body: {} });
  const looks: Looks = {
    ...loggedIn,
    'auth.token': { saw: stepOf(me, 200, true) },
    'auth.validate': { saw: stepOf(validated, 200, isActive(validated)) },
    'auth.refresh': { saw: stepOf(refreshed, 200, second !== undefined) },
    'auth.old_token': { saw: stepOf(old, 200, true) },
    'auth.logout': { saw: stepOf(logout, 204, true) },
    'auth.revocation':
      statusOf(logout) === 204
        ? { saw: await untilRefused(() => call('/users/me', { token: first }), tools.clock) }
        : couldNotLook('the probe account could not sign out', 'auth.logout'),
  };
  return { ...looks, ...others };
}

/** Other replicas learn of an ended session within a second. */
async function untilRefused(call: () => Promise<Answer>, clock: Clock): Promise<StepSighting> {
  const deadline = clock.monotonic() + REVOCATION_MS;
  for (;;) {
    const answer = await call();
    const step = stepOf(answer, 401, true);
    if (step.ok || clock.monotonic() >= deadline) return step;
    await clock.sleep(POLL_MS);
  }
}

function stepOf(answer: Answer, expected: number, complete: boolean): StepSighting {
  const { milliseconds } = answer;
  if (answer.result !== 'answered')
    return { milliseconds, ok: false, problem: `no answer: ${answer.message}` };
  const { status } = answer;
  const code = codeOf(answer);
  const head = { milliseconds, status, ...(code === undefined ? {} : { code }) };
  if (status === expected && complete) return { ...head, ok: true };
  const what = code === undefined ? `${status}` : `${status} ${code}`;
  const problem =
    status === expected
      ? `answered ${status} without what belongs in it`
      : `answered ${what}, not ${expected}`;
  return { ...head, ok: false, problem };
}

function codeOf(answer: Answer): string | undefined {
  if (answer.result !== 'answered') return undefined;
  const code = (answer.body as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

function statusOf(answer: Answer): number | undefined {
  return answer.result === 'answered' ? answer.status : undefined;
}

function tokensOf(answer: Answer): Tokens {
  if (answer.result !== 'answered' || answer.status !== 200) return {};
  return typeof answer.body === 'object' && answer.body !== null ? (answer.body as Tokens) : {};
}

function isActive(answer: Answer): boolean {
  return answer.result === 'answered' && (answer.body as { active?: unknown } | null)?.active === true;
}
