import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { generateLog, renderNginxLog } from '@holdfast/testing';
import { alternate, type Benchmark, format, summarize } from './lib/benchmark.ts';
import { temporaryHome } from './lib/holdfast.ts';

const HOLDFAST = 'holdfast logs analyze';
const GOACCESS = 'goaccess';
const BYTES = 1 << 30;
const DAYS = 3;
const PER_MINUTE = 100;
const POLL_MS = 100;
const MAIN = join(import.meta.dirname, '..', 'apps', 'cli', 'bin', 'holdfast.js');

/** One access log of 1 GiB with an outage in it, read by both sides as a process of its own. */
export const logs: Benchmark = {
  name: 'logs',
  run: async ({ rounds, progress }) => {
    const home = await temporaryHome();
    const peaks = new Map<string, number>();
    try {
      const file = join(home, 'access.log');
      const lines = await writeLog(file);
      progress(`  ${format(lines)} lines`);
      const measure = async (name: string, command: string, args: readonly string[]): Promise<number> => {
        const { seconds, peakMiB } = await runMeasured(command, args, home);
        peaks.set(name, Math.max(peaks.get(name) ?? 0, peakMiB));
        return lines / seconds;
      };
      const sides = [
        {
          name: HOLDFAST,
          measure: () => measure(HOLDFAST, process.execPath, [MAIN, 'logs', 'analyze', file, '--json']),
        },
        {
          name: GOACCESS,
          measure: () =>
            measure(GOACCESS, 'goaccess', [
              file,
              '--log-format=COMBINED',
              '--no-progress',
              '-o',
              join(home, 'g.json'),
            ]),
        },
      ];
      const samples = await alternate(sides, rounds, progress);
      const peak = (name: string) => `${name} ${Math.round(peaks.get(name) ?? 0)} MiB`;
      const notes = [
        `One access log (combined) of ${format(BYTES / 1_048_576)} MiB with ${format(lines)} lines and an outage in it; whole processes, start included.`,
        `Most memory of any round: ${peak(HOLDFAST)}, ${peak(GOACCESS)}.`,
      ];
      const targets = [{ side: HOLDFAST, baseline: GOACCESS, target: '≥ 1' }];
      return summarize({ benchmark: 'logs', unit: 'lines per second', rounds, notes }, samples, targets);
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  },
};

/** Days of a site, again and again until there is enough; returns how many lines. */
async function writeLog(path: string): Promise<number> {
  const log = generateLog({ seed: 1, incident: 'upstream_down', hours: DAYS * 24, perMinute: PER_MINUTE });
  // goaccess knows `combined` without the time of the request
  const text = renderNginxLog(log).replaceAll(/ [\d.]+$/gm, '');
  const bytes = Buffer.from(text);
  await using file = await open(path, 'w');
  let lines = 0;
  for (let written = 0; written < BYTES; written += bytes.length) {
    await file.write(bytes);
    lines += log.requests.length;
  }
  return lines;
}

/** Runs a program to its end, and looks again and again how much memory it has had at most. */
async function runMeasured(
  command: string,
  args: readonly string[],
  cwd: string,
): Promise<{ readonly seconds: number; readonly peakMiB: number }> {
  const startedAt = performance.now();
  const child = spawn(command, [...args], { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', chunk => {
    errors += chunk;
  });
  let peakMiB = 0;
  const watch = setInterval(async () => {
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
    peakMiB = Math.max(peakMiB, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024);
  }, POLL_MS);
  const [code] = await once(child, 'exit');
  clearInterval(watch);
  if (code !== 0 && code !== 1) throw new Error(`${command} ended with ${code}:\n${errors}`);
  return { seconds: (performance.now() - startedAt) / 1_000, peakMiB };
}
