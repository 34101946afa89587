import assert from 'node:assert/strict';
import { it } from 'node:test';
import { restoreArguments } from './remedy.ts';

it('types for each remedy what the runbook says', () => {
  const ways = { before: new Date('2026-11-21T13:29:00.123Z'), backupId: '20261121T132500Z-physical-k3f9' };
  const line = (remedy: Parameters<typeof restoreArguments>[0]): string =>
    restoreArguments(remedy, ways).join(' ');
  assert.equal(
    line({ kind: 'table', table: 'roles' }),
    'restore --table roles --to-time 2026-11-21T13:29:00.123Z --yes',
  );
  assert.equal(line({ kind: 'point-in-time' }), 'restore --to-time 2026-11-21T13:29:00.123Z --yes');
  assert.equal(line({ kind: 'latest' }), 'restore --to-time latest --yes');
  assert.equal(line({ kind: 'backup' }), 'restore 20261121T132500Z-physical-k3f9 --yes');
});
