import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Stack, startStack } from '@holdfast/testing';
import { runHoldfast } from './run-holdfast.ts';

/** What `--fix --json` prints, as far as tests look at it. */
export interface FixJson {
  readonly error?: { readonly code: string };
  readonly status: string;
  readonly headline: string;
  readonly backup: string | null;
  readonly resumed: readonly { readonly outcome: string; readonly code: string }[];
  readonly repairs: readonly {
    readonly outcome: string;
    readonly code: string;
    readonly backup: string | null;
    readonly steps: readonly { readonly outcome: string; readonly detail: string }[];
    readonly untouched: { readonly compared: number; readonly changed: readonly string[] } | null;
  }[];
}

/** A system whose backups can be restored beside. The caller closes it. */
export async function startFixableStack(): Promise<Stack> {
  const stack = await startStack();
  await stack.setVariable('HOLDFAST_POSTGRES_DIR', join(stack.home, 'shared'));
  return stack;
}

/** Registers Ada, or signs her in. */
export async function post({ server }: Stack, operation: 'register' | 'login'): Promise<void> {
  const response = await fetch(`${server.url}/api/v1/auth/${operation}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'ada@example.com', password: 'Quiet-Lantern-Over-Fjord-77' }),
  });
  await response.body?.cancel();
  assert.ok(response.ok, `${operation}: ${response.status}`);
}

/** The options that name the system. */
export function base({ home }: Stack): string[] {
  return ['--home', home, '--env-file', join(home, 'stack.env')];
}

export async function fix(
  stack: Stack,
  ...options: string[]
): Promise<{ readonly code: number | null; readonly report: FixJson }> {
  const { code, stdout, stderr } = await runHoldfast([
    'doctor',
    '--fix',
    '--json',
    ...options,
    ...base(stack),
  ]);
  assert.ok(stdout.startsWith('{'), stderr);
  return { code, report: JSON.parse(stdout) as FixJson };
}

/** The texts of the journals of all runs. */
export async function journals({ home }: Stack): Promise<string[]> {
  const directory = join(home, 'repairs');
  const names = await readdir(directory).catch(() => []);
  const files = names.filter(name => name.endsWith('.json'));
  return Promise.all(files.map(name => readFile(join(directory, name), 'utf8')));
}
