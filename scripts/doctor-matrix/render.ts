import type { Cell } from './cell.ts';
import type { MatrixResult } from './matrix.ts';
import type { HiddenVerdict } from './score.ts';

/** The rates that have to be reached. */
const TARGETS = { top1: 0.95, pairs: 0.9 };

export interface Verdict {
  readonly passed: boolean;
  readonly top1: number;
  readonly top3: number;
  readonly exact: number;
  readonly grounded: number;
  readonly pairs: number;
  readonly healthyRuns: number;
  readonly healthyReports: number;
  readonly wrongWhileHidden: number;
}

export function judge({ cells, pairs, healthy, afterwards, troubles }: MatrixResult): Verdict {
  const rate = (is: (cell: Cell) => boolean): number => share(cells.filter(is).length, cells.length);
  const reports = healthy.reduce((sum, cell) => sum + cell.reports.length, 0) + afterwards.reports.length;
  const verdict = {
    top1: rate(({ score }) => score.top1),
    top3: rate(({ score }) => score.top3),
    exact: rate(({ score }) => score.exact),
    grounded: rate(({ score }) => score.grounded),
    pairs: share(pairs.filter(({ exact }) => exact).length, pairs.length),
    healthyRuns: healthy.reduce((sum, { runs }) => sum + runs, 0) + afterwards.runs,
    healthyReports: reports,
    wrongWhileHidden: cells.flatMap(({ hidden }) => Object.values(hidden)).filter(one => one === 'wrong')
      .length,
  };
  const { top1, wrongWhileHidden } = verdict;
  const good = top1 >= TARGETS.top1 && verdict.pairs >= TARGETS.pairs;
  return { ...verdict, passed: good && reports + wrongWhileHidden + troubles.length === 0 };
}

/** 1 of nothing: what was not asked for is not missed. */
function share(some: number, all: number): number {
  return all === 0 ? 1 : some / all;
}

/** The whole result as Markdown: rates, faults, layers, pairs, sound systems, what was hidden, and everything that was wrong. */
export function renderMatrix(result: MatrixResult): string {
  const { cells, seeds, minutes, stacks } = result;
  const verdict = judge(result);
  return [
    `${verdict.passed ? 'PASSED' : 'FAILED'}: ${cells.length} faults on ${stacks.join(' and ')}, seeds ${seeds.join(', ')}, ${minutes} minutes`,
    '',
    ...rates(result),
    '',
    ...faultTable('fault', cells, ({ stack, code }) => `${stack} | \`${code}\``),
    '',
    ...faultTable('layer', cells, ({ stack, layer }) => `${stack} | ${layer}`),
    '',
    ...healthyTable(result),
    '',
    ...hiddenTable(cells),
    ...problems(result),
  ].join('\n');
}

function rates(result: MatrixResult): string[] {
  const { cells, pairs } = result;
  const { top1, top3, exact, grounded, pairs: both, healthyRuns, healthyReports } = judge(result);
  const baseline = (is: (cell: Cell) => boolean): string =>
    percent(share(cells.filter(is).length, cells.length));
  const times = cells.map(({ score }) => score.milliseconds).toSorted((a, b) => a - b);
  return [
    '| | |',
    '|---|---|',
    `| right cause first | ${percent(top1)} |`,
    `| right cause among the first three | ${percent(top3)} |`,
    `| exactly the right causes and nothing else | ${percent(exact)} |`,
    `| explains what it broke, and nothing else | ${percent(grounded)} |`,
    `| baseline: first failing layer | ${baseline(({ score }) => score.firstLayer)} |`,
    `| baseline: most failures | ${baseline(({ score }) => score.mostFailures)} |`,
    `| two faults at once: exactly both (${pairs.length} pairs) | ${pairs.length === 0 ? 'none tried' : percent(both)} |`,
    `| reports in ${healthyRuns} examinations of sound systems | ${healthyReports} |`,
    `| examination, median and longest | ${times[Math.floor(times.length / 2)] ?? 0} and ${times.at(-1) ?? 0} ms |`,
  ];
}

const percent = (rate: number): string => `${(rate * 100).toFixed(1)} %`;

function faultTable(what: string, cells: readonly Cell[], by: (cell: Cell) => string): string[] {
  const groups = [...Map.groupBy(cells, by)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [
    `| stack | ${what} | cells | top 1 | top 3 | exact | grounded | false reports | first layer | most failures | longest ms |`,
    '|---|---|---|---|---|---|---|---|---|---|---|',
    ...groups.map(([name, own]) => `| ${name} | ${own.length} | ${columns(own).join(' | ')} |`),
  ];
}

function columns(cells: readonly Cell[]): (string | number)[] {
  const count = (is: (score: Cell['score']) => boolean): number =>
    cells.filter(({ score }) => is(score)).length;
  return [
    count(({ top1 }) => top1),
    count(({ top3 }) => top3),
    count(({ exact }) => exact),
    count(({ grounded }) => grounded),
    cells.reduce((sum, { score }) => sum + score.falseReports.length, 0),
    count(({ firstLayer }) => firstLayer),
    count(({ mostFailures }) => mostFailures),
    Math.max(...cells.map(({ score }) => score.milliseconds)),
  ];
}

function healthyTable({ healthy, afterwards }: MatrixResult): string[] {
  const groups = [...Map.groupBy(healthy, ({ stack, control }) => `${stack} | ${control}`)];
  return [
    '| stack | sound, and | examinations | reports | longest ms |',
    '|---|---|---|---|---|',
    ...groups.map(([name, own]) => {
      const runs = own.reduce((sum, cell) => sum + cell.runs, 0);
      const reports = own.reduce((sum, cell) => sum + cell.reports.length, 0);
      return `| ${name} | ${runs} | ${reports} | ${Math.max(...own.map(({ slowestMs }) => slowestMs))} |`;
    }),
    `| all | mended a moment ago | ${afterwards.runs} | ${afterwards.reports.length} | |`,
  ];
}

const VERDICTS: readonly HiddenVerdict[] = ['named', 'cannot tell', 'unexplained', 'silent', 'wrong'];

function hiddenTable(cells: readonly Cell[]): string[] {
  const seen = cells.flatMap(({ stack, hidden }) =>
    Object.entries(hidden).map(([view, verdict]) => ({ view: `${stack} | ${view}`, verdict })),
  );
  if (seen.length === 0) return [];
  const rows = [...Map.groupBy(seen, ({ view }) => view)].map(([view, own]) => {
    const counts = VERDICTS.map(wanted => own.filter(({ verdict }) => verdict === wanted).length);
    return `| ${view} | ${counts.join(' | ')} |`;
  });
  return [`| stack | seen | ${VERDICTS.join(' | ')} |`, '|---|---|---|---|---|---|---|', ...rows, ''];
}

function problems({ cells, pairs, healthy, afterwards, troubles, uncovered }: MatrixResult): string[] {
  return [
    ...cells.flatMap(cell => {
      const { stack, seed, name, score, said } = cell;
      const head = `${stack} seed ${seed}: ${name}`;
      const hidden = Object.entries(cell.hidden).filter(([, verdict]) => verdict === 'wrong');
      return [
        ...(score.exact ? [] : [`NOT EXACT: ${head}: said ${said.join(', ') || 'nothing'}`]),
        ...hidden.map(([view]) => `WRONG WHILE HIDDEN: ${head}: ${view}`),
      ];
    }),
    ...pairs.flatMap(({ exact, expected, said }) =>
      exact ? [] : [`NOT EXACT: ${expected.join(' + ')}: said ${said.join(', ') || 'nothing'}`],
    ),
    ...healthy.flatMap(({ reports }) => reports.map(report => `FALSE REPORT: ${report}`)),
    ...afterwards.reports.map(report => `FALSE REPORT: ${report}`),
    ...troubles.map(({ stack, seed, name, why }) => `NOT SEEN: ${stack} seed ${seed}: ${name}: ${why}`),
    ...uncovered.map(name => `NOT RUN: no subject is known for ${name}`),
  ];
}
