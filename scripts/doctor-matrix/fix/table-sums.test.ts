import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareSums, type TableSums } from './table-sums.ts';

const sums = (values: Readonly<Record<string, string | null>>): TableSums => new Map(Object.entries(values));
const SOUND = sums({ roles: '1', users: '2', sessions: '3' });

describe('tables compared before, with and after a fault', () => {
  it('one that the fault had not changed must be the same, one that it had may be whole again', () => {
    const broken = sums({ roles: '1', users: '9', sessions: '3' });
    const after = sums({ roles: '8', users: '2', sessions: '3' });
    assert.deepEqual(compareSums({ sound: SOUND, broken, written: [] }, after, []), {
      ...{ untouched: 2, changed: ['roles'], byPlan: [], touched: 1, whole: 1 },
    });
  });

  it('a locked table, and a database that could not be reached, were not changed by the fault', () => {
    const locked = sums({ roles: null, users: '2', sessions: '3' });
    const after = sums({ roles: '8', users: '2', sessions: '3' });
    for (const broken of [locked, undefined])
      assert.deepEqual(compareSums({ sound: SOUND, broken, written: [] }, after, []).changed, ['roles']);
    const gone = compareSums({ sound: SOUND, broken: SOUND, written: [] }, undefined, []);
    assert.deepEqual(gone.changed, ['roles', 'users', 'sessions']);
  });

  it('what a plan had to do with is told apart, and what signing in writes is left out', () => {
    const after = sums({ roles: '8', users: '9', sessions: '7' });
    const compared = compareSums({ sound: SOUND, broken: SOUND, written: ['sessions'] }, after, ['users']);
    assert.deepEqual([compared.untouched, compared.changed, compared.byPlan], [2, ['roles'], ['users']]);
  });
});
