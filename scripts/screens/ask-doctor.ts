import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Diagnosis } from '@holdfast/doctor';

const LAUNCHER = join(import.meta.dirname, '../../apps/cli/bin/holdfast.js');
const LIMIT_MS = 60_000;

/** What `holdfast doctor` says with these options, as JSON; it must have found something. */
export async function askDoctor(args: readonly string[], cwd: string): Promise<Diagnosis> {
  const { code, stdout, stderr } = await runProgram(['doctor', '--json', ...args], cwd);
  if (code !== 1)
    throw new Error(`holdfast doctor ${args.join(' ')} ended with ${code}:\n${stdout}\n${stderr}`);
  return JSON.parse(stdout) as Diagnosis;
}

/** The program itself, with nothing in its environment. */
export async function runProgram(
  args: readonly string[],
  cwd: string,
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn(process.execPath, ['--', LAUNCHER, ...args], {
    cwd,
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  const [stdout, stderr, [code]] = await Promise.all([
    outputOf(child, 'stdout'),
    outputOf(child, 'stderr'),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}

async function outputOf(child: ChildProcess, name: 'stdout' | 'stderr'): Promise<string> {
  const stream = child[name];
  return stream === null ? '' : text(stream);
}
