import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Terminal } from '../../terminal.ts';
import { renderResult } from './make-text.ts';
import type { BackupResult } from './run-backup.ts';

test('a place that failed is named once', () => {
  const terminal = { style: (_: string, text: string) => text } as unknown as Terminal;
  const failed = (trouble: string) =>
    renderResult({ destination: '/mnt/usb', trouble } as unknown as BackupResult, terminal);
  assert.equal(
    failed('/mnt/usb: writing base.tar failed: the disk is full.'),
    '✗ /mnt/usb: writing base.tar failed: the disk is full.',
  );
  assert.equal(failed('the server is gone'), '✗ /mnt/usb: the server is gone');
});
