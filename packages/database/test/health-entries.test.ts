import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CATALOGUE } from '@holdfast/database/health';
import { CONNECTIVITY_CASES } from './health/connectivity-cases.ts';
import { INDEXES_CASES } from './health/indexes-cases.ts';
import { POOL_CASES } from './health/pool-cases.ts';
import { VACUUM_CASES } from './health/vacuum-cases.ts';

const CASES = [...CONNECTIVITY_CASES, ...POOL_CASES, ...VACUUM_CASES, ...INDEXES_CASES];
const titles = new Map(CATALOGUE.map(({ number, id }) => [number, id]));

for (const { number, fires, quiet } of CASES) {
  describe(`health entry ${number} ${titles.get(number)}`, () => {
    it('fires', fires);
    it('stays quiet', quiet);
  });
}

it('every entry of these areas has a test that makes it fire and one where it stays quiet', () => {
  const areas = ['connectivity', 'pool', 'vacuum', 'indexes'];
  const numbers = CATALOGUE.filter(({ area }) => areas.includes(area)).map(({ number }) => number);
  assert.deepEqual(
    CASES.map(({ number }) => number).toSorted((a, b) => a - b),
    numbers,
  );
});
