import { stripVTControlCharacters } from 'node:util';
import { commandsIn } from './commands-in-text.ts';

/** One thing that is said: its lines after the first begin below its text, not below what comes before it. */
export interface Row {
  /** In the margin, such as `Cause`. */
  readonly label?: string;
  /** Before the text, such as `1. ` or `- `. */
  readonly bullet?: string;
  readonly text: string;
  /** A command or a statement, to be copied: never broken. */
  readonly verbatim?: boolean;
  /** Whether commands in the text are marked. */
  readonly instructs?: boolean;
}

export interface Layout {
  /** How wide a line may be; without it nothing is broken. */
  readonly columns: number | undefined;
  /** Marks a command within a sentence. */
  readonly command: (text: string) => string;
  readonly label: (text: string) => string;
}

const MARGIN = 10;
const LEAST_WIDTH = 20;

/** Rows with their labels in a margin. */
export function layOut(rows: readonly Row[], layout: Layout): string[] {
  return rows.flatMap(row => {
    const { label = '', bullet = '', text, verbatim = false } = row;
    const head = label === '' ? '' : layout.label(label);
    const hang = ' '.repeat(MARGIN + bullet.length);
    const lines = verbatim ? [text] : wrap(row, layout, hang.length);
    const first = `${head}${' '.repeat(MARGIN - label.length)}${bullet}`;
    return lines.map((line, index) => (index === 0 ? first : hang) + line);
  });
}

/** The text of a row in lines, behind as many columns as are taken. A command stays in one piece. */
export function wrap(row: Row, { columns, command }: Layout, taken = 0): string[] {
  const width = columns === undefined ? Number.POSITIVE_INFINITY : Math.max(LEAST_WIDTH, columns - taken);
  const lines: string[] = [];
  let line = '';
  for (const word of wordsOf(row, command)) {
    const longer = line === '' ? word : `${line} ${word}`;
    const fits = stripVTControlCharacters(longer).length <= width;
    if (!fits && line !== '') lines.push(line);
    line = fits ? longer : word;
  }
  return [...lines, line];
}

/** What is not parted by the end of a line: words, and commands with what touches them. */
function wordsOf({ text, instructs = false }: Row, command: Layout['command']): string[] {
  const words = [''];
  const add = (part: string): void => void words.push(`${words.pop() ?? ''}${part}`);
  let at = 0;
  const prose = (end?: number): void => {
    const [first = '', ...rest] = text.slice(at, end).split(/\s+/);
    add(first);
    words.push(...rest);
  };
  for (const [start, end] of instructs ? commandsIn(text) : []) {
    prose(start);
    add(command(text.slice(start, end)));
    at = end;
  }
  prose();
  return words.filter(word => word !== '');
}
