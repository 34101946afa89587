import { type Stack, startStack } from '@holdfast/testing';
import { type Diagnosis, examine, resolveTarget } from '../src/index.ts';

/** A machine that is busy with other tests is not to be seen as a system that does not answer. */
export const PATIENTLY = { timeoutMs: 24_000 };

const PASSWORD = 'Quiet-Lantern-Over-Fjord-77';

/** A running system with a user who is signed in, saved so that faults can be mended. */
export async function stackWithUsers(): Promise<Stack> {
  const stack = await startStack();
  await register(stack, 'ada@example.com');
  await signIn(stack, 'ada@example.com');
  await stack.saveDatabase();
  return stack;
}

/** The doctor's opinion of a stack, found the way the command finds it. */
export async function diagnose(stack: Stack): Promise<Diagnosis> {
  return examine(await resolveTarget({ home: stack.home, settings: await stack.settings() }), PATIENTLY);
}

export async function register(stack: Stack, email: string): Promise<void> {
  await post(stack, '/api/v1/auth/register', { email, password: PASSWORD });
}

/** Signs a user in. @returns the tokens, or undefined when it was refused. */
export async function signIn(
  stack: Stack,
  email: string,
  password = PASSWORD,
): Promise<{ readonly accessToken: string; readonly refreshToken: string } | undefined> {
  const response = await post(stack, '/api/v1/auth/login', { email, password });
  const body = (await response.json()) as { readonly accessToken: string; readonly refreshToken: string };
  return response.status === 200 ? body : undefined;
}

export function post(stack: Stack, path: string, body: unknown, token?: string): Promise<Response> {
  return fetch(`${stack.server.url}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
}
