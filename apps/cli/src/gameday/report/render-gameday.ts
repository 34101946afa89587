import type { GamedayResult } from '../run-gameday.ts';
import type { RoundResult } from '../stage.ts';
import { seconds } from './seconds.ts';

export type Paint = (format: 'green' | 'red' | 'bold' | 'dim', text: string) => string;

/** The result on one screen: a line for each damage, and more where something was not proven. */
export function renderGameday(result: GamedayResult, paint: Paint): string {
  const { ok, rounds, broken } = result;
  const played = rounds.length + (broken === null ? 0 : 1);
  const proven = rounds.filter(round => round.ok).length;
  const verdict = ok ? paint('green', 'PROVEN') : paint('red', 'NOT PROVEN');
  return [
    `${verdict}: ${proven} of ${played} damages repaired, with nothing and nobody lost that was to be kept`,
    paint('dim', conditions(result)),
    ...rounds.flatMap(round => ['', ...roundLines(round, paint)]),
    ...(result.broken === null
      ? []
      : ['', `${paint('red', '✗')} ${paint('bold', result.broken.damage)}  ${result.broken.reason}`]),
    ...(result.home === null ? [] : ['', `The copy is left in ${result.home}, stopped.`]),
  ].join('\n');
}

export function conditions({ users, copy, seed, durationMs, backupOnly }: GamedayResult): string {
  const place = copy === 'fresh' ? 'a new system' : `a copy of the system (${copy})`;
  const wal = backupOnly ? 'from the backup alone' : 'with the WAL archive';
  return `${users} users on ${place}, ${wal}, seed ${seed}, ${seconds(durationMs)}`;
}

function roundLines(round: RoundResult, paint: Paint): string[] {
  const { damage, what, timeline, proof } = round;
  const begin = timeline[0]?.at ?? 0;
  const steps = timeline.slice(1, -1).map(step => `  ${offset(step.at, begin)}  ${step.what}`);
  const failed = proof.filter(({ ok }) => !ok);
  return [
    `${round.ok ? paint('green', '✓') : paint('red', '✗')} ${paint('bold', damage)}  ${what}`,
    ...steps,
    `  ${' '.repeat(8)}  ${figures(round)}`,
    ...failed.map(({ name, detail }) => `  ${paint('red', '✗')} ${name}: ${detail}`),
    ...(failed.length === 0 ? [`  ${paint('green', '✓')} ${proof.map(({ name }) => name).join(', ')}`] : []),
  ];
}

/** Since the beginning of the round. */
export function offset(at: number, begin: number): string {
  return seconds(at - begin).padStart(8);
}

/** The times and losses of a round in one line. */
export function figures({ diagnosis, restoreToServiceMs, troubleMs, lost }: RoundResult): string {
  const loss =
    lost.seconds === 0
      ? 'nothing lost'
      : `${lost.seconds.toFixed(1)} s lost: ${lost.accounts} new accounts, ${lost.profiles} profile changes`;
  return `diagnosis ${seconds(diagnosis.ms)}, restore to service ${seconds(restoreToServiceMs)}, users noticed it for ${seconds(troubleMs)}; ${loss}`;
}
