/** One fenced block of the tour. */
export interface TourBlock {
  /** Its line in the file, from 1. */
  readonly line: number;
  readonly commands: string;
  /** The HTTP statuses of its curl calls, in order; undefined when the block promises none. */
  readonly statuses: readonly number[] | undefined;
}

/**
 * The blocks of shell commands under the heading "Tour", up to the next heading of its level.
 *
 * A comment on the line before a block, or with empty lines between, says what it promises:
 * `<!-- expect: 201 -->`, with several curl calls `<!-- expect: 200 204 -->`, or `<!-- not run: why -->` to leave it out.
 */
export function readTour(markdown: string): TourBlock[] {
  const lines = markdown.split('\n');
  const [from, to] = tourSection(lines);
  const blocks: TourBlock[] = [];
  let comment = '';
  for (let at = from; at < to; at += 1) {
    const line = lines[at] ?? '';
    if (!line.startsWith('```')) {
      comment = line.trim() === '' ? comment : line.trim();
      continue;
    }
    const end = lines.indexOf('```', at + 1);
    if (end === -1) throw new Error(`The block at line ${at + 1} does not end.`);
    if (/^```sh\b/.test(line) && !comment.startsWith('<!-- not run:')) {
      const commands = lines.slice(at + 1, end).join('\n');
      blocks.push({ line: at + 1, commands, statuses: readStatuses(comment) });
    }
    comment = '';
    at = end;
  }
  return blocks;
}

/** From the line after the heading to the next heading of its level or above; comments in code are no headings. */
function tourSection(lines: readonly string[]): [number, number] {
  const heading = lines.findIndex(line => /^#+ Tour\b/.test(line));
  if (heading === -1) throw new Error('There is no heading "Tour".');
  const level = /^#+/.exec(lines[heading] ?? '')?.[0].length ?? 1;
  const next = new RegExp(`^#{1,${level}} `);
  let inCode = false;
  const end = lines.findIndex((line, at) => {
    if (line.startsWith('```')) inCode = !inCode;
    return at > heading && !inCode && next.test(line);
  });
  return [heading + 1, end === -1 ? lines.length : end];
}

function readStatuses(comment: string): number[] | undefined {
  const list = /^<!-- expect:\s*([\d ]+?)\s*-->$/.exec(comment)?.[1];
  return list?.split(/\s+/).map(Number);
}

/**
 * One bash script of all blocks, so that what one sets the next one knows. Each block leaves, in `<trace>/<index>/`, the
 * response headers of its curl calls (0, 1, …) and its exit status (`exit`).
 */
export function tourScript(blocks: readonly TourBlock[], trace: string): string {
  const prelude = [
    'curl() {',
    '  local call; call=$(find "$TOUR_TRACE" -type f -name "[0-9]*" | wc -l)',
    '  command curl --silent --show-error --max-time 20 --dump-header "$TOUR_TRACE/$call" "$@"',
    '}',
  ];
  const parts = blocks.map(({ commands }, index) =>
    [
      `export TOUR_TRACE='${trace}/${index}'`,
      'mkdir -p "$TOUR_TRACE"',
      commands,
      'echo $? > "$TOUR_TRACE/exit"',
    ].join('\n'),
  );
  return [...prelude, ...parts, ''].join('\n');
}
