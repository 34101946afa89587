import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import type { MigrateUpOptions } from '@holdfast/database/migrate';

export type RunnerLine = Readonly<Record<string, unknown>> & { readonly kind: string };

/** A runner in a process of its own. */
export interface Runner {
  /** All it said, once it has ended. */
  readonly output: Promise<RunnerLine[]>;
  /** The outcome: the last line it said. */
  readonly outcome: Promise<RunnerLine | undefined>;
  /** kill -9, and the end. */
  kill(): Promise<void>;
}

export function startRunner(
  t: TestContext,
  project: { readonly db: { readonly ownerUrl: string }; readonly dir: string },
  options: Partial<MigrateUpOptions> = {},
): Runner {
  const script = join(import.meta.dirname, 'run-migrations.ts');
  const args = ['--conditions=holdfast-source', script, project.db.ownerUrl, project.dir];
  const child = spawn(process.execPath, [...args, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  t.after(kill);
  const output = readLines(child);
  return { output, outcome: output.then(lines => lines.at(-1)), kill };
}

async function readLines({ stdout }: ChildProcess): Promise<RunnerLine[]> {
  const lines: RunnerLine[] = [];
  if (stdout === null) return lines;
  for await (const line of createInterface(stdout)) lines.push(JSON.parse(line));
  return lines;
}
