import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import { parsePolicyFile, readPolicyFile } from './policy-file.ts';

const parse = (...policies: unknown[]) => parsePolicyFile('p.json', JSON.stringify({ policies }));

test('tables by a time or a mark, and retentions of known policies', () => {
  assert.deepEqual(
    parse(
      { table: 'events', time: 'created_at', retention: '90d' },
      { table: 'shop.carts', deleted: 'deleted_at', retention: '24h', owns: ['cart_items'] },
      { policy: 'audit_log', retention: 'never' },
    ),
    [
      {
        kind: 'table',
        table: 'events',
        column: 'created_at',
        deleted: false,
        retentionMs: 7_776_000_000,
        owns: [],
      },
      {
        kind: 'table',
        table: 'shop.carts',
        column: 'deleted_at',
        deleted: true,
        retentionMs: 86_400_000,
        owns: ['cart_items'],
      },
      { kind: 'override', policy: 'audit_log', retentionMs: 'never' },
    ],
  );
});

describe('refused, with the entry and what is wrong', () => {
  const good = { table: 'a', time: 't', retention: '1d' };
  const CASES: readonly (readonly [entry: unknown, problem: RegExp])[] = [
    ['events', /policies\[0\]: an entry is an object/],
    [{ ...good, colour: 1 }, /unknown member "colour"/],
    [{ ...good, retention: 90 }, /"retention" must be a duration/],
    [{ table: 'a', time: 't' }, /"retention" must be a duration/],
    [{ ...good, retention: 'never' }, /leave the entry out/],
    [{ time: 't', retention: '1d' }, /"table" \(or "policy"\) is missing/],
    [{ table: 'a', retention: '1d' }, /either "time"/],
    [{ ...good, deleted: 'd' }, /either "time"/],
    [{ ...good, owns: 'b' }, /"owns" must be a list/],
    [{ policy: 'sessions', table: 'a', retention: '1d' }, /with "policy" goes "retention" alone, not table/],
  ];
  for (const [entry, problem] of CASES) {
    test(String(problem), () => {
      assert.throws(
        () => parse(entry),
        error => isHoldfastError(error, 'configuration_invalid') && problem.test(error.message),
      );
    });
  }

  test('every problem at once, and entries that contradict each other', () => {
    assert.throws(
      () => parse(good, { ...good, retention: '2d' }, {}),
      /policies\[2\].*two entries for table a, column t/,
    );
  });

  test('what is no file of policies', async () => {
    for (const text of ['', '[]', '{"policies":{}}', 'null']) {
      assert.throws(
        () => parsePolicyFile('p.json', text),
        /The policy file p\.json: it (is not JSON|must be)/,
      );
    }
    await assert.rejects(
      readPolicyFile('/nowhere/p.json'),
      /The policy file \/nowhere\/p\.json: it cannot be read/,
    );
  });
});
