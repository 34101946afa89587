import { wrap } from './lines.ts';

const PROSE = '-- ';
const INDENT = '    ';

/**
 * A remedy for the terminal. Prose alone is wrapped. Where there is something to paste, each statement and each command
 * stays as it is, and the prose around it becomes comments that can be pasted along.
 */
export function remedyLines(remedy: string): string[] {
  const lines = remedy.split('\n');
  if (lines.every(line => line.startsWith(PROSE))) {
    return wrap(lines.map(line => line.slice(PROSE.length)).join(' '), '  → ');
  }
  // what looks like a comment may be a part of the body of a function
  const asIs = /\$\w*\$/.test(remedy);
  return [
    '  → what helps:',
    ...lines.flatMap(line =>
      line.startsWith(PROSE) && !asIs
        ? wrap(line.slice(PROSE.length), `${INDENT}${PROSE}`, `${INDENT}${PROSE}`)
        : [`${INDENT}${line}`],
    ),
  ];
}
