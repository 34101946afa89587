import { format, type Report, type Result } from './benchmark.ts';

/** The report as Markdown, ready for docs/performance.md. */
export function renderReport({ machine, results }: Report): string {
  const where = `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB; ${machine.system}; Node ${machine.node}; ${machine.date}.`;
  return [where, ...results.map(renderResult)].join('\n\n');
}

function renderResult({ benchmark, unit, rounds, notes, sides, comparisons }: Result): string {
  const range = (samples: readonly number[]) =>
    `${format(Math.min(...samples))} – ${format(Math.max(...samples))}`;
  return [
    `### ${benchmark}`,
    `Medians of ${rounds} alternating measurements. ${notes.join(' ')}`,
    [
      `| side | ${unit} | lowest – highest |`,
      '|---|--:|--:|',
      ...sides.map(({ name, median, samples }) => `| ${name} | ${format(median)} | ${range(samples)} |`),
    ].join('\n'),
    [
      '| compared with | ratio | target |',
      '|---|--:|---|',
      ...comparisons.map(({ against, ratio, target }) => `| ${against} | ${format(ratio)} | ${target} |`),
    ].join('\n'),
  ].join('\n\n');
}
