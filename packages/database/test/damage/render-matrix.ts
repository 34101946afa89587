import type { DamageKind, MatrixRow } from './run-matrix.ts';

const COLUMNS: readonly DamageKind[] = ['flips', 'truncations', 'missing', 'swapped', 'added', 'edited'];

/** A table in Markdown: what was found, of what was done. */
export function renderMatrix(rows: readonly MatrixRow[]): string {
  return [
    `| backup | files | MB | ${COLUMNS.join(' | ')} |`,
    `|---|---|---|${COLUMNS.map(() => '---|').join('')}`,
    ...rows.map(renderRow),
  ].join('\n');
}

/** One line of the table. */
export function renderRow({ kind, files, bytes, tallies }: MatrixRow): string {
  const cells = COLUMNS.map(column => `${tallies[column].found} of ${tallies[column].made}`);
  return `| ${kind} | ${files} | ${(bytes / 1_000_000).toFixed(1)} | ${cells.join(' | ')} |`;
}
