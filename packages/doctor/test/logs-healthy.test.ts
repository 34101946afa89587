import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { generateLog } from '@holdfast/testing';
import { analyzeAs, FORMATS } from './analyze-generated.ts';

const HEALTHY_SEEDS = 50;

describe('generated logs without an incident', () => {
  for (let seed = 1; seed <= HEALTHY_SEEDS; seed += 1) {
    it(`seed ${seed}`, async () => {
      const log = generateLog({ seed: 1_000 + seed });
      for (const format of FORMATS) {
        const { status, incidents, totals } = await analyzeAs(format, log);
        assert.deepEqual(
          [status, incidents.map(({ title, mechanism }) => [title, mechanism])],
          ['clean', []],
        );
        assert.equal(totals.requests, log.requests.length);
        assert.equal(totals.unreadable, 0);
      }
    });
  }
});
