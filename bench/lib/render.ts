import { format, type Report, type Result } from './benchmark.ts';

/** The report as Markdown, ready for docs/performance.md. */
export function renderReport({ machine, results }: Report): string {
  const where = `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB; ${machine.system}; Node ${machine.node}; ${machine.date}.`;
  return [where, ...results.map(renderResult)].join('\n\n');
}

function renderResult({ benchmark, unit, rounds, notes, sides, comparisons }: Result): string {
  const range = (samples: readonly number[]) =>
    `${format(Math.min(...samples))} – ${format(Math.max(...samples))}`;
  const titles = Object.keys(sides[0]?.more ?? {});
  const head = ['side', unit, 'lowest – highest', ...titles];
  return [
    `### ${benchmark}`,
    `Medians of ${rounds} alternating measurements. ${notes.join(' ')}`,
    [
      row(head),
      `|---|${head
        .slice(1)
        .map(() => '--:|')
        .join('')}`,
      ...sides.map(({ name, median, samples, more }) =>
        row([name, format(median), range(samples), ...Object.values(more ?? {})]),
      ),
    ].join('\n'),
    comparisons.length === 0
      ? ''
      : [
          '| compared with | ratio | target |',
          '|---|--:|---|',
          ...comparisons.map(({ against, ratio, target }) => `| ${against} | ${format(ratio)} | ${target} |`),
        ].join('\n'),
  ]
    .filter(part => part !== '')
    .join('\n\n');
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
