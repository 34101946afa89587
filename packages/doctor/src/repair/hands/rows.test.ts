import assert from 'node:assert/strict';
import { test } from 'node:test';
import { touchedWith } from './rows.ts';

test('users that come back change what sessions are recorded in, too; other tables change nothing else', () => {
  assert.deepEqual(touchedWith(['public.users', 'public.sessions']).toSorted(), [
    'holdfast_recovery.restore_epochs',
    'holdfast_recovery.revoked_sessions',
    'public.audit_log',
    'public.refresh_tokens',
    'public.sessions',
    'public.users',
  ]);
  assert.deepEqual(touchedWith(['shop.orders']), ['shop.orders']);
});
