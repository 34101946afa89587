import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseSettings } from '@holdfast/core';
import { examine, exitCode, resolveTarget } from '../src/index.ts';
import { assertSchema } from './assert-schema.ts';

it('says so when there is nothing to examine', async () => {
  const diagnosis = await examine(await resolveTarget({ home: '/nowhere', settings: parseSettings([]) }));
  assert.deepEqual([diagnosis.status, exitCode(diagnosis)], ['not_examined', 3]);
  assert.match(diagnosis.headline, /^Could not examine anything: \/nowhere holds no Holdfast/);
  assertSchema(diagnosis);
});

it('stops when its caller does not want it any more', async () => {
  const settings = parseSettings([]);
  const target = await resolveTarget({ home: '/nowhere', settings, apiUrl: 'http://127.0.0.1:9' });
  await assert.rejects(examine(target, { signal: AbortSignal.abort(new Error('enough')) }), /enough/);
});
