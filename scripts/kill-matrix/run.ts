/**
 * `npm run kill-matrix -- [--seed N --moments N --only backup|schedule|wal|restore --minutes N --json]`: kills the command, the keeper and PostgreSQL, and fills disks,
 * at random moments of backups, of WAL streaming and of restores, and says what was lost, half done or left behind. Needs root, mount, and a
 * PostgreSQL in /usr/lib/postgresql. 200 moments take about half an hour. Progress goes to stderr, the result to stdout.
 * Exit status: 0 nothing was, 1 something was, 2 wrong usage.
 */
import { parseArgs } from 'node:util';
import { canMountDisks } from './disk.ts';
import { PHASES, runMatrix } from './matrix.ts';
import { renderMatrix } from './render.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    moments: { type: 'string', default: '200' },
    only: { type: 'string' },
    minutes: { type: 'string', default: '180' },
    json: { type: 'boolean', default: false },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  const [seed, moments, minutes] = [Number(values.seed), Number(values.moments), Number(values.minutes)];
  const only = PHASES.find(phase => phase === values.only);
  if (
    !(Number.isInteger(seed) && seed >= 0 && Number.isInteger(moments) && moments >= 1 && moments <= 10_000)
  ) {
    console.error('--seed and --moments are whole numbers, --minutes is one above 0');
    return 2;
  }
  if (values.only !== undefined && only === undefined) {
    console.error(`--only is one of ${PHASES.join(', ')}`);
    return 2;
  }
  if (!(await canMountDisks())) {
    console.error('Filling a disk needs a file system of its own, and mounting one needs root.');
    return 2;
  }
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => stop.abort(new Error(`stopped by ${name}`)));
  const progress = (line: string): void => console.error(line);
  const result = await runMatrix({ seed, moments, only, minutes, signal: stop.signal, progress });
  console.log(values.json ? JSON.stringify(result) : renderMatrix(result));
  return result.passed ? 0 : 1;
}
