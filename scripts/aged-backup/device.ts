import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, call } from '../soak/call.ts';

export type Answered = Extract<Answer, { kind: 'answered' }>;

/** One signed-in device of a user. */
export interface Device {
  readonly email: string;
  readonly userId: string;
  accessToken: string;
  refreshToken: string;
  /** Refreshes since the backup. */
  rotations: number;
}

export interface Request {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly bearer?: string;
  readonly body?: unknown;
}

/** The way to the API, and what it was like. */
export interface Api {
  readonly url: string;
  readonly signal: AbortSignal;
  /** How often each answer was given, such as `refresh 200`. */
  readonly answers: Map<string, number>;
}

const PATIENCE = 60;
const PAUSE_MS = 1_000;

/** The answer to a request; "not now" and lost answers are asked again, as a good client does. Throws after a minute of that. */
export async function ask(api: Api, what: string, { path, ...rest }: Request): Promise<Answered> {
  for (let attempt = 0; attempt < PATIENCE; attempt += 1) {
    const answer = await call({ ...rest, url: api.url + path }, api.signal);
    api.signal.throwIfAborted();
    const label =
      answer.kind === 'lost' ? `${what} lost` : `${what} ${answer.status} ${answer.code ?? ''}`.trim();
    api.answers.set(label, (api.answers.get(label) ?? 0) + 1);
    if (answer.kind === 'answered' && answer.status !== 503 && answer.status !== 429) return answer;
    await delay(PAUSE_MS, undefined, { signal: api.signal });
  }
  throw new Error(`${what} was not answered within ${PATIENCE} attempts`);
}

export async function signIn(api: Api, email: string, password: string): Promise<Device> {
  const answer = await ask(api, 'login', {
    method: 'POST',
    path: '/api/v1/auth/login',
    body: { email, password },
  });
  if (answer.status !== 200) throw new Error(`${email} cannot sign in: ${said(answer)}`);
  const { id } = answer.body.user as { readonly id: string };
  return { email, userId: id, ...tokensOf(answer), rotations: 0 };
}

/** Undefined when the session goes on; else what the API said. */
export async function refresh(api: Api, device: Device): Promise<string | undefined> {
  const answer = await ask(api, 'refresh', {
    method: 'POST',
    path: '/api/v1/auth/refresh',
    body: { refreshToken: device.refreshToken },
  });
  if (answer.status !== 200) return said(answer);
  Object.assign(device, tokensOf(answer));
  device.rotations += 1;
  return undefined;
}

/** Who the API says this device is of, by its access token. */
export function readMe(api: Api, { accessToken }: Device): Promise<Answered> {
  return ask(api, 'users/me', { method: 'GET', path: '/api/v1/users/me', bearer: accessToken });
}

/** Why the device cannot be used any more: it refreshes, and reads with the new access token. */
export async function findTrouble(api: Api, device: Device): Promise<string | undefined> {
  const refused = await refresh(api, device);
  if (refused !== undefined) return `refresh: ${refused}`;
  const me = await readMe(api, device);
  return me.status === 200 && me.body.email === device.email ? undefined : `users/me: ${said(me)}`;
}

export function said({ status, code }: Answered): string {
  return `${status} ${code ?? ''}`.trimEnd();
}

function tokensOf({ body }: Answered): Pick<Device, 'accessToken' | 'refreshToken'> {
  return { accessToken: String(body.accessToken), refreshToken: String(body.refreshToken) };
}
