import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';

export interface StartedLine {
  readonly started: true;
  readonly pid: number;
  readonly adopted: boolean;
  readonly ownerUrl: string;
}

export interface RefusedLine {
  readonly started: false;
  readonly code: string;
  readonly message: string;
}

/** A process of its own that starts a cluster; see start-and-wait.ts. */
export interface Starter {
  readonly pid: number;
  /** Resolves when it says that it is at that step. */
  reaches(step: string): Promise<void>;
  readonly outcome: Promise<StartedLine | RefusedLine>;
  /** kill -9 */
  kill(): Promise<void>;
}

export function spawnStarter(t: TestContext, home: string): Starter {
  const program = join(import.meta.dirname, 'start-and-wait.ts');
  const child = spawn(process.execPath, ['--conditions=holdfast-source', program, home], {
    stdio: ['pipe', 'pipe', 'inherit'],
  }) as unknown as ChildProcessWithoutNullStreams;
  const exited = once(child, 'exit');
  const outcome = Promise.withResolvers<StartedLine | RefusedLine>();
  const steps = new Map<string, PromiseWithResolvers<void>>();
  const step = (name: string): PromiseWithResolvers<void> => {
    const known = steps.get(name) ?? Promise.withResolvers<void>();
    steps.set(name, known);
    return known;
  };
  createInterface(child.stdout).on('line', text => {
    const line = JSON.parse(text) as StartedLine | RefusedLine | { readonly step: string };
    if ('step' in line) step(line.step).resolve();
    else outcome.resolve(line);
  });
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  t.after(kill);
  return { pid: child.pid ?? 0, reaches: name => step(name).promise, outcome: outcome.promise, kill };
}
