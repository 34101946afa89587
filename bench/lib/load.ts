import { createRequire } from 'node:module';
import { join } from 'node:path';
import { runCommand } from '../../scripts/build/run-command.ts';

const BENCH = join(import.meta.dirname, '..');

export interface Load {
  readonly url: string;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Different requests, dealt out to the connections, instead of the same one again and again. */
  readonly requests?: readonly {
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  }[];
  readonly connections: number;
  readonly seconds: number;
}

interface LoadReport {
  readonly requests: { readonly average: number; readonly total: number };
  readonly duration: number;
  readonly errors: number;
  readonly non2xx: number;
  readonly '2xx': number;
}

/** The load generator; throws with what to do when the peers are not installed: they are no part of the workspaces. */
export function loadGenerator(): string {
  try {
    return createRequire(import.meta.url).resolve('autocannon');
  } catch (cause) {
    throw new Error('The peers are not installed. Run: cd bench && npm ci', { cause });
  }
}

/** Requests per second, all of them answered 2xx. The generator is a process of its own, for all sides alike. */
export async function requestsPerSecond(load: Load): Promise<number> {
  loadGenerator();
  const generator = join(import.meta.dirname, 'generator.js');
  const output = await runCommand(process.execPath, [generator, JSON.stringify(load)], BENCH);
  const report = JSON.parse(output) as LoadReport;
  if (report.errors > 0 || report.non2xx > 0 || report['2xx'] === 0) {
    throw new Error(`${load.url}: ${report.errors} errors, ${report.non2xx} answers other than 2xx`);
  }
  return report['2xx'] / report.duration;
}
