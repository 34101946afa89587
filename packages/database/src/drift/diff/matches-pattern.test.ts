import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Difference } from './difference.ts';
import { matchesPattern } from './matches-pattern.ts';

const rest = { kind: 'changed', expected: null, live: null, consequences: [] } as const;
const owner: Difference = { ...rest, type: 'materialized view', name: 'app."A.b"', property: 'owner' };

it('matches by type, name and property, with stars', () => {
  const matching = [
    'app.*',
    '*',
    'materialized view:*',
    '*#owner',
    '#owner',
    'app."A.b"',
    'mat*:app*#o*',
    ' app.* ',
  ];
  assert.deepEqual(
    matching.filter(pattern => !matchesPattern(owner, pattern)),
    [],
  );
});

it('takes nothing but a star for special, and the whole name', () => {
  const others = ['app', 'app."Axb"', 'view:*', '*#comment', 'app.*#', 'public.*', 'app.+'];
  assert.deepEqual(
    others.filter(pattern => matchesPattern(owner, pattern)),
    [],
  );
});
