const WIDTH = 110;

/** One line, cut where the screen ends. */
export function clip(line: string): string {
  return line.length <= WIDTH ? line : `${line.slice(0, WIDTH - 1)}…`;
}

/**
 * Prose in lines that fit a screen: the first begins with `indent`, the others with as many spaces, or as told. Longer words
 * stay whole.
 */
export function wrap(text: string, indent: string, next = ' '.repeat(indent.length)): string[] {
  const lines: string[] = [];
  let line = indent;
  let isEmpty = true;
  for (const word of text.split(/\s+/)) {
    const longer = isEmpty ? `${line}${word}` : `${line} ${word}`;
    if (longer.length <= WIDTH || isEmpty) line = longer;
    else {
      lines.push(line);
      line = `${next}${word}`;
    }
    isEmpty = false;
  }
  return [...lines, line];
}
