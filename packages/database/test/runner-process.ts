import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
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
  /** Resolves when it has said so many lines, or has ended. */
  reported(lines: number): Promise<void>;
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
    // most of a short run is reading the sources
    env: { NODE_COMPILE_CACHE: join(tmpdir(), 'runner-compile-cache') },
  });
  const ended = once(child, 'exit');
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  t.after(kill);
  const heard = createHearing();
  const output = readLines(child, heard.hear).finally(heard.end);
  return { output, outcome: output.then(lines => lines.at(-1)), reported: heard.reported, kill };
}

interface Hearing {
  readonly hear: () => void;
  readonly end: () => void;
  readonly reported: (lines: number) => Promise<void>;
}

/** Who waits for how many lines. */
function createHearing(): Hearing {
  let count = 0;
  let ended = false;
  const waiting = new Set<{ readonly lines: number; readonly resolve: () => void }>();
  const wake = (): void => {
    for (const waiter of waiting) {
      if (ended || count >= waiter.lines) waiter.resolve();
    }
  };
  return {
    hear: () => {
      count++;
      wake();
    },
    end: () => {
      ended = true;
      wake();
    },
    reported: lines =>
      new Promise(resolve => {
        waiting.add({ lines, resolve });
        wake();
      }),
  };
}

async function readLines({ stdout }: ChildProcess, hear: () => void): Promise<RunnerLine[]> {
  const lines: RunnerLine[] = [];
  if (stdout === null) return lines;
  for await (const line of createInterface(stdout)) {
    lines.push(JSON.parse(line));
    hear();
  }
  return lines;
}
