import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backupDestinations } from './backup-destinations.ts';

test('a relative directory is below the state directory, not below wherever the process was started', () => {
  const of = (backups: readonly string[], backupDir?: string) =>
    backupDestinations({ backups, backupDir }, '/srv/state');
  assert.deepEqual(of([]), ['/srv/state/backups']);
  assert.deepEqual(of([], 'old'), ['/srv/state/old']);
  assert.deepEqual(of(['near', '/far', 's3://bucket/a?region=x', 'file:///b'], 'old'), [
    '/srv/state/near',
    '/far',
    's3://bucket/a?region=x',
    'file:///b',
  ]);
});
