import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@holdfast/core';
import { forgetReplacedDatabase, undoBeside } from '@holdfast/database/restore';
import { connect } from '@holdfast/postgres';
import { emptyDatabase } from '@holdfast/testing';
import { tryRestoreLock } from '../../src/restore/beside/beside-queries.ts';
import { base, withDatabase } from '../../src/restore/beside/restore-beside.ts';

test('while a restore of a database is under way, nothing of it is undone or forgotten', async t => {
  const { superuserUrl: url, name } = await emptyDatabase(t);
  const other = await connect({ url: withDatabase(url, 'postgres') });
  t.after(() => other.close());
  assert.equal(await tryRestoreLock(other, base(name)), true);
  const underWay = {
    code: 'restore_refused',
    message: /Another restore of .*, or an undo of one, is under way/,
  };
  const recordEpoch = async () => assert.fail('nothing may be recorded');
  await assert.rejects(undoBeside({ url, recordEpoch, clock: systemClock }), underWay);
  const replaced = { name: `${base(name)}_replaced_x`, comment: null };
  await assert.rejects(forgetReplacedDatabase(url, replaced), underWay);
});
