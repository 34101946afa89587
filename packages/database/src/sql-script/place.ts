/** A position in a file, both from 1. Columns count characters, not UTF-16 units, as PostgreSQL does. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A function from offsets in a text to places, for many questions about one text. */
export function createPlacer(text: string): (offset: number) => Place {
  const lineStarts = [0];
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) lineStarts.push(end + 1);
  return offset => {
    let line = 0;
    for (let high = lineStarts.length - 1; line < high; ) {
      const middle = Math.ceil((line + high) / 2);
      if ((lineStarts[middle] ?? 0) <= offset) line = middle;
      else high = middle - 1;
    }
    return { line: line + 1, column: [...text.slice(lineStarts[line], offset)].length + 1 };
  };
}

/** The place of one offset. */
export function place(text: string, offset: number): Place {
  return createPlacer(text)(offset);
}

/**
 * The place that PostgreSQL means by the `position` of an error in a statement that begins at `start`.
 * @param position characters from 1 (PostgreSQL manual, section "Error and Notice Message Fields").
 */
export function placeInStatement(statement: string, start: Place, position: number): Place {
  const before = [...statement].slice(0, position - 1).join('');
  const within = place(before, before.length);
  if (within.line === 1) return { line: start.line, column: start.column + within.column - 1 };
  return { line: start.line + within.line - 1, column: within.column };
}
