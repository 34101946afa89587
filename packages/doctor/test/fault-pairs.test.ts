import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  apiHung,
  apiProcessDown,
  connectionLimitReached,
  databaseStopped,
  type FaultInjection,
  permissionNotGranted,
  refreshTokensTruncated,
  rolePermissionsDeleted,
  type Stack,
  signingKeyChanged,
  tableMissing,
} from '@holdfast/testing';
import { assertSchema } from './assert-schema.ts';
import { diagnose, stackWithUsers } from './examination.ts';

const PAIRS: readonly (readonly [FaultInjection, FaultInjection])[] = [
  [apiProcessDown, tableMissing('audit_log')],
  [refreshTokensTruncated, apiHung],
  [apiProcessDown, databaseStopped],
  [rolePermissionsDeleted, refreshTokensTruncated],
  [tableMissing('audit_log'), tableMissing('user_profiles')],
  [permissionNotGranted('audit:read'), permissionNotGranted('users:read')],
  [signingKeyChanged, tableMissing('login_attempts')],
  [apiProcessDown, connectionLimitReached],
];

describe('two faults at once', () => {
  let stack: Stack;

  before(async () => {
    stack = await stackWithUsers();
  });
  after(() => stack.close());

  for (const pair of PAIRS) {
    it(`${pair.map(({ name }) => name).join(' and ')}: both are named, and nothing else`, async () => {
      const injected: FaultInjection[] = [];
      try {
        for (const fault of pair) {
          injected.unshift(fault);
          await fault.inject(stack);
        }
        const diagnosis = await diagnose(stack);
        const found = diagnosis.rootCauses.map(({ code, subject }) => `${code} ${subject}`);
        const expected = pair.map(({ expected: { code, subject } }) => `${code} ${subject}`);
        assert.deepEqual(found.sort(), expected.sort());
        assert.deepEqual([diagnosis.undecided, diagnosis.unexplained], [[], []]);
        assertSchema(diagnosis);
      } finally {
        for (const fault of injected) await fault.heal(stack);
      }
    });
  }
});
