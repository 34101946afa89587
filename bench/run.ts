/**
 * `npm run bench [-- NAME… --rounds N --size MB --json FILE]`: compares Holdfast with its peers on this machine, in one run.
 * The table goes to stdout as Markdown, every single measurement as JSON to FILE.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { backup } from './backup.ts';
import { coldStart } from './cold-start.ts';
import { frontend } from './frontend.ts';
import { health } from './health.ts';
import { bulkImport } from './import.ts';
import type { Benchmark, Report, Result } from './lib/benchmark.ts';
import { loadGenerator } from './lib/load.ts';
import { describeMachine } from './lib/machine.ts';
import { renderReport } from './lib/render.ts';
import { login } from './login.ts';
import { logs } from './logs.ts';
import { migrate } from './migrate.ts';
import { orphans } from './orphans.ts';
import { refresh } from './refresh.ts';
import { refreshRace } from './refresh-race.ts';
import { usersMe } from './users-me.ts';
import { verification } from './verification.ts';

const BENCHMARKS: readonly Benchmark[] = [
  usersMe,
  login,
  refresh,
  refreshRace,
  verification,
  coldStart,
  orphans,
  health,
  migrate,
  bulkImport,
  backup,
  logs,
  frontend,
];
const MIN_ROUNDS = 5;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: String(MIN_ROUNDS) },
    json: { type: 'string' },
    size: { type: 'string', multiple: true, default: [] },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  const unknown = positionals.filter(name => !BENCHMARKS.some(benchmark => benchmark.name === name));
  if (unknown.length > 0) {
    const names = BENCHMARKS.map(benchmark => benchmark.name).join(', ');
    console.error(`There is no benchmark ${unknown.join(', ')}; there are ${names}.`);
    return 2;
  }
  const sizes = values.size.map(Number);
  if (sizes.some(size => !(size > 0))) {
    console.error('--size takes megabytes, such as 700.');
    return 2;
  }
  loadGenerator();
  const chosen = BENCHMARKS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  const results: Result[] = [];
  for (const benchmark of chosen) {
    console.error(benchmark.name);
    const options = {
      rounds: Number(values.rounds),
      sizes,
      progress: (line: string) => console.error(line),
    };
    results.push(...[await benchmark.run(options)].flat());
  }
  const report: Report = { machine: describeMachine(), results };
  if (values.json) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
  console.log(renderReport(report));
  return 0;
}
