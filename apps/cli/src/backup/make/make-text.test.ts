import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Terminal } from '../../terminal.ts';
import { renderResult } from './make-text.ts';
import type { BackupResult } from './run-backup.ts';

const TERMINAL = { style: (_: string, text: string) => text } as unknown as Terminal;

interface Table {
  readonly rows: number;
  readonly unread?: string;
}

/** The line that says what a backup holds. */
function content(tables: readonly Table[]): string | undefined {
  const manifest = {
    ...{ id: '20261121T120000Z-x', durationMs: 1_000, contentMissing: null },
    databases: [{ name: 'shop', tables }],
    point: { kind: 'other' },
  };
  const text = renderResult({ destination: '/b', manifest, bytes: 1 } as unknown as BackupResult, TERMINAL);
  return text.split('\n')[1];
}

test('only tables that were read have a number of rows', () => {
  const unread = { rows: 0, unread: 'no rights' };
  assert.equal(content([{ rows: 1_200 }, { rows: 34 }]), '  shop: 2 tables, 1,234 rows');
  assert.equal(
    content([{ rows: 7 }, unread]),
    '  shop: 2 tables, 7 rows in the 1 that could be read (--json says why not the others)',
  );
  assert.equal(content([unread, unread]), '  shop: 2 tables, rows not counted');
  assert.equal(content([]), '  shop: 0 tables, 0 rows');
});
