import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idTime, isUuid, newId } from './ids.ts';

test('ids are version 7, ordered by creation and carry their time', () => {
  const before = Date.now();
  const ids = Array.from({ length: 1_000 }, newId);
  assert.deepEqual(ids.toSorted(), ids);
  assert.equal(new Set(ids).size, 1_000);
  for (const id of ids) {
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const time = idTime(id) ?? 0;
    assert.ok(time >= before && time <= Date.now());
  }
});

test('only version 7 has a time, and only UUIDs are UUIDs', () => {
  assert.equal(idTime('6ba7b810-9dad-11d1-80b4-00c04fd430c8'), undefined);
  assert.ok(isUuid('6ba7b810-9dad-11d1-80b4-00c04fd430c8'));
  for (const text of ['', 'x', '6ba7b810', '6ba7b810-9dad-11d1-80b4-00c04fd430cg']) assert.ok(!isUuid(text));
});
