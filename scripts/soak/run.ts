/**
 * `npm run soak -- --minutes N [--clients N --seed S --json --keep]`: breaks a running system for some minutes and says whether
 * a user was logged out or a revoked session worked. Progress goes to stderr, the verdict to stdout.
 * Exit status: 0 passed, 1 something that must not happen did, 2 wrong usage.
 */
import { parseArgs } from 'node:util';
import { describeMachine } from '../../bench/lib/machine.ts';
import { runSoak } from './soak.ts';
import { renderVerdict } from './verdict.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    clients: { type: 'string', default: '500' },
    seed: { type: 'string' },
    json: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  const minutes = Number(values.minutes);
  const clients = Number(values.clients);
  const seed = Number(values.seed ?? Date.now() % 100_000);
  if (!(minutes >= 1 && minutes <= 1_440 && clients >= 1 && clients <= 5_000 && Number.isInteger(seed))) {
    console.error('--minutes from 1 to 1440, --clients from 1 to 5000, --seed a whole number');
    return 2;
  }
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => stop.abort(new Error(`stopped by ${name}`)));
  }
  const { signal } = stop;
  const progress = (line: string): void => console.error(line);
  const verdict = await runSoak({ minutes, clients, seed, signal, progress, keep: values.keep });
  const machine = describeMachine();
  const { cpu, cores, memoryGiB, system, node, date } = machine;
  if (values.json) console.log(JSON.stringify({ ...verdict, machine }));
  else
    console.log(
      `${renderVerdict(verdict)}\n\n${cpu}, ${cores} cores, ${memoryGiB} GiB; ${system}; Node ${node}; ${date}.`,
    );
  return verdict.passed ? 0 : 1;
}
