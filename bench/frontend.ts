import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { mapFrontend } from '@holdfast/doctor/frontend';
import { generateFrontend } from '@holdfast/testing';
import { parseSync } from 'oxc-parser';
import { alternate, type Benchmark, format, summarize } from './lib/benchmark.ts';
import { temporaryHome } from './lib/holdfast.ts';

const MAP = 'the frontend map';
const PARSE = 'oxc-parser alone';
const NATIVE = 'oxc-parser without the tree';
const FILES = 3_000;
const MAIN = join(import.meta.dirname, '..', 'apps', 'cli', 'bin', 'holdfast.js');

/** A React program of 3,000 files: mapped, and merely read and parsed, by turns in one process. */
export const frontend: Benchmark = {
  name: 'frontend',
  run: async ({ rounds, progress }) => {
    const home = await temporaryHome();
    try {
      const { files, calls } = generateFrontend(FILES);
      await writeTree(home, files);
      const found = (await mapFrontend(home)).calls.length;
      if (found !== calls) throw new Error(`the map found ${found} of ${calls} calls`);
      const command = await runCommand(home);
      const sides = [
        { name: MAP, measure: () => secondsOf(() => mapFrontend(home)) },
        { name: PARSE, measure: () => secondsOf(() => parseTree(home, true)) },
        { name: NATIVE, measure: () => secondsOf(() => parseTree(home, false)) },
      ];
      const samples = await alternate(sides, rounds, progress);
      const notes = [
        `A generated React program of ${format(files.size)} files with ${format(calls)} calls, all of them found.`,
        'oxc-parser alone reads the same files and makes the syntax tree of each with its defaults; without the tree it only parses.',
        `holdfast frontend map as a process: ${command.seconds.toFixed(1)} s, most memory ${Math.round(command.peakMiB)} MiB.`,
      ];
      const targets = [
        { side: MAP, baseline: PARSE, target: '≤ 1.5' },
        { side: MAP, baseline: NATIVE, target: 'for information' },
      ];
      return summarize({ benchmark: 'frontend', unit: 'seconds', rounds, notes }, samples, targets);
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  },
};

async function writeTree(root: string, files: ReadonlyMap<string, string>): Promise<void> {
  for (const [path, text] of files) {
    await mkdir(join(root, dirname(path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

async function parseTree(root: string, withTree: boolean): Promise<void> {
  const entries = await readdir(root, { recursive: true });
  for (const path of entries.filter(entry => /\.tsx?$/.test(entry))) {
    const parsed = parseSync(path, await readFile(join(root, path), 'utf8'));
    if (withTree && parsed.program.body.length === 0) throw new Error(`${path} is empty`);
  }
}

async function secondsOf(run: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await run();
  return (performance.now() - startedAt) / 1_000;
}

async function runCommand(root: string): Promise<{ readonly seconds: number; readonly peakMiB: number }> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [MAIN, 'frontend', 'map', root, '--json'], { stdio: 'ignore' });
  let peakMiB = 0;
  const watch = setInterval(async () => {
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
    peakMiB = Math.max(peakMiB, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024);
  }, 50);
  const [code] = await once(child, 'exit');
  clearInterval(watch);
  if (code !== 0 && code !== 1) throw new Error(`holdfast frontend map ended with ${code}`);
  return { seconds: (performance.now() - startedAt) / 1_000, peakMiB };
}
