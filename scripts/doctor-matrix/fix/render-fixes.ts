import type { FixResult } from './fix-phase.ts';
import type { FixCell } from './try-fix.ts';
import type { KillCell } from './try-kill.ts';

/** Whether every repair that was planned has ended green, and every one that was killed as well. */
export function passedFixes({ cells, kills, troubles }: FixResult): boolean {
  const problems = [...cells, ...kills].flatMap(cell => cell.problems);
  return cells.length > 0 && problems.length + troubles.length === 0;
}

/** The whole result as Markdown: each fault that was repaired, what became of killed repairs, what is left to a person, and all that was wrong. */
export function renderFixes(result: FixResult): string {
  const { stacks, seed, minutes, cells, kills } = result;
  const good = cells.filter(({ problems }) => problems.length === 0).length;
  const survived = kills.filter(({ problems }) => problems.length === 0).length;
  return [
    `${passedFixes(result) ? 'PASSED' : 'FAILED'}: ${good} of ${cells.length} repairs on ${stacks.join(' and ')}, ${survived} of ${kills.length} killed ones, seed ${seed}, ${minutes} minutes`,
    '',
    ...repairTable(result),
    '',
    ...killTables(kills),
    ...handlessTable(result),
    ...problemsOf(result),
  ].join('\n');
}

function repairTable({ cells, kills }: FixResult): string[] {
  const rows = cells.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)).map(cell => row(cell, kills));
  return [
    '| stack | fault | what was done | planned | green | tables untouched, changed, changed by plan | tables broken, whole again | in the report | killed |',
    '|---|---|---|---|---|---|---|---|---|',
    ...rows,
  ];
}

const keyOf = ({ stack, code, kind }: FixCell): string => `${stack} ${code} ${kind}`;

function row(cell: FixCell, kills: readonly KillCell[]): string {
  const { stack, kind, code, name, planned, green, tables, told } = cell;
  const killed = kills.filter(kill => kill.stack === stack && kill.kind === kind);
  const ends = killed.map(({ end, at, problems }) => `${problems.length === 0 ? end : 'NOT MENDED'} (${at})`);
  return `| ${[
    ...[stack, `\`${code}\``, name, planned.join(', '), green ? 'yes' : 'NO'],
    ...[
      `${tables.untouched}, ${tables.changed.length}, ${tables.byPlan.length}`,
      `${tables.touched}, ${tables.whole}`,
    ],
    ...[told ? 'yes' : 'NO', ends.join('; ') || '–'],
  ].join(' | ')} |`;
}

function killTables(kills: readonly KillCell[]): string[] {
  if (kills.length === 0) return [];
  const count = (title: string, by: (kill: KillCell) => string): string[] => [
    `| ${title} | repairs | mended |`,
    '|---|---|---|',
    ...[...Map.groupBy(kills, by)]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(
        ([name, own]) =>
          `| ${name} | ${own.length} | ${own.filter(({ problems }) => problems.length === 0).length} |`,
      ),
    '',
  ];
  return [
    ...count('what became of a killed repair', ({ end }) => end),
    ...count('where it was killed', ({ at }) => at),
  ];
}

function handlessTable({ handless }: FixResult): string[] {
  const rows = [
    ...new Set(
      handless.map(
        ({ stack, code, why, steps }) => `| ${stack} | \`${code}\` | ${why} | ${steps[0] ?? '–'} |`,
      ),
    ),
  ].toSorted();
  if (rows.length === 0) return [];
  return ['| stack | left to a person | why | what it says first |', '|---|---|---|---|', ...rows, ''];
}

function problemsOf({ cells, kills, troubles, uncovered, written }: FixResult): string[] {
  return [
    ...cells.flatMap(({ stack, name, problems }) =>
      problems.map(problem => `WRONG: ${stack}: ${name}: ${problem}`),
    ),
    ...kills.flatMap(({ stack, name, moment, problems }) =>
      problems.map(problem => `WRONG: ${stack}: ${name}, killed ${moment}: ${problem}`),
    ),
    ...troubles.map(({ stack, name, why }) => `NOT SEEN: ${stack}: ${name}: ${why}`),
    ...written.map(
      table => `NOT COMPARED: ${table}, into which the application writes when the doctor signs in`,
    ),
    ...uncovered.map(name => `NOT RUN: no subject is known for ${name}`),
  ];
}
