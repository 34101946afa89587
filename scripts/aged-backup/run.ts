/**
 * `npm run aged-backup -- [--users N --minutes N --seed S --json]`: users sign in, a backup is made, an hour passes in which
 * all of them refresh and some sign out, the backup is restored; says who was logged out, and whether an ended session works again.
 * The hour is real, and the load is low.
 * Exit status: 0 nobody and none, 1 somebody, 2 wrong usage.
 */
import { parseArgs } from 'node:util';
import { type AgedResult, playAged } from './play.ts';

const EXAMPLES = 10;

const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '10000' },
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  const [users, minutes, seed] = [Number(values.users), Number(values.minutes), Number(values.seed)];
  if (!(isWhole(users, 1, 100_000) && isWhole(minutes, 1, 1_440) && isWhole(seed, 0, 2 ** 32 - 1))) {
    console.error('--users from 1 to 100000, --minutes from 1 to 1440, --seed a whole number');
    return 2;
  }
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => stop.abort(new Error(`stopped by ${name}`)));
  const progress = (line: string): void => console.error(line);
  const result = await playAged({
    ...{ users, minutes, seed, progress },
    signal: stop.signal,
  });
  console.log(values.json ? JSON.stringify(result) : render(result));
  return result.passed ? 0 : 1;
}

function isWhole(number: number, least: number, most: number): boolean {
  return Number.isInteger(number) && number >= least && number <= most;
}

function render(result: AgedResult): string {
  const { users, backupMinutes, restoreSeconds, living, begunAfterBackup, rotations, ended } = result;
  const [fewest, most] = rotations;
  return [
    `${result.passed ? 'PASSED' : 'FAILED'}: ${users} users, a backup ${backupMinutes} minutes old, seed ${result.seed}`,
    `  restored and in service after ${restoreSeconds} s`,
    `  ${living} sessions refreshed ${fewest} to ${most} times after the backup, ${begunAfterBackup} of them begun after it: ${result.logouts.length} logged out`,
    `  ${ended} sessions ended after the backup: ${result.revived.length} work again`,
    ...[...result.logouts, ...result.revived].slice(0, EXAMPLES).map(line => `    ${line}`),
    ...Object.entries(result.answers).map(([label, count]) => `  ${String(count).padStart(7)} × ${label}`),
  ].join('\n');
}
