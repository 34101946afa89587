import type { MatrixResult } from './matrix.ts';
import type { MomentRecord } from './tally.ts';

/** What was killed, when, and what came of it, as a table of Markdown, with the checks and everything that was wrong. */
export function renderMatrix(result: MatrixResult): string {
  const { passed, records, seed, minutes, checks, violations } = result;
  return [
    `${passed ? 'PASSED' : 'FAILED'}: ${records.length} moments, seed ${seed}, ${minutes} minutes`,
    '',
    ...table(records),
    '',
    ...Object.entries(checks).map(([what, count]) => `${count} ${what}`),
    ...violations.map(what => `VIOLATION: ${what}`),
  ].join('\n');
}

function table(records: readonly MomentRecord[]): string[] {
  const groups = Map.groupBy(records, ({ phase, victim }) => `| ${phase} | ${victim} |`);
  const rows = [...groups].toSorted(([one], [other]) => (one < other ? -1 : 1));
  return [
    '| during | interruption | moments | outcome |',
    '|---|---|---|---|',
    ...rows.map(([group, own]) => `${group} ${own.length} | ${outcomes(own)} |`),
  ];
}

function outcomes(records: readonly MomentRecord[]): string {
  const groups = Map.groupBy(records, ({ outcome }) => outcome);
  return [...groups]
    .toSorted(([, one], [, other]) => other.length - one.length)
    .map(([outcome, own]) => `${own.length} × ${outcome}`)
    .join('; ');
}
