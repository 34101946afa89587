import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { systemClock } from '@holdfast/core';
import { indexMissing, type Stack } from '@holdfast/testing';
import { type Diagnosis, examine, exitCode, renderDiagnosis } from '../src/index.ts';
import { addressesOf } from '../src/repair/addresses.ts';
import { carryOut } from '../src/repair/carry-out.ts';
import { planRepairs } from '../src/repair/plan-repairs.ts';
import { claimRepairs, newRunId, openJournal } from '../src/repair/repair-journal.ts';
import { assertSchema } from './assert-schema.ts';
import { diagnose, stackWithUsers } from './examination.ts';
import { fix, resolveStack, savedFacts, savedTools } from './repair-support.ts';

const causes = ({ rootCauses }: Diagnosis) => rootCauses.map(({ code }) => code);

describe('a repair that was cut off half way', () => {
  let stack: Stack;

  before(async () => {
    stack = await stackWithUsers();
  });
  after(() => stack.close());

  /** Carries a repair out, and dies when its journal is to be written for the n-th time. */
  async function dieAt(saves: number): Promise<void> {
    await indexMissing('sessions_expiry').inject(stack);
    const target = await resolveStack(stack)();
    const tools = savedTools(stack, await savedFacts(stack));
    const at = new Date().toISOString();
    const id = newRunId(at);
    const { repairs } = await planRepairs({ target, diagnosis: await examine(target), tools, runId: id, at });
    const [repair] = repairs;
    assert.ok(repair);
    const claim = await claimRepairs(stack.home);
    const journal = openJournal(stack.home, {
      ...{ version: 1, id, startedAt: at, database: null, owner: { pid: 4_194_303 } },
      ...{ backup: null, ended: false, repairs: [...repairs] },
    });
    await journal.save();
    let saved = 0;
    await carryOut({
      ...{ addresses: await addressesOf(target), tools, repair, clock: systemClock },
      signal: new AbortController().signal,
      onProgress: () => undefined,
      save: async () => {
        saved += 1;
        if (saved > saves) throw new Error('killed');
        await journal.save();
      },
    }).catch(() => undefined);
    assert.ok(!causes(await diagnose(stack)).includes('repair_cut_off'), 'somebody is at it');
    await claim.release();
  }

  for (const [when, saves] of [
    ['before its step', 1],
    ['after its last step, when everything works again', 99],
  ] as const) {
    it(`${when}: a finding, with what to type, until it is finished or taken back`, async () => {
      await dieAt(saves);
      const diagnosis = await diagnose(stack);
      const others = saves === 1 ? ['index_missing'] : [];
      assert.deepEqual(causes(diagnosis), [...others, 'repair_cut_off']);
      assert.equal(exitCode(diagnosis), 1);
      assertSchema(diagnosis);
      assert.match(
        diagnosis.headline,
        /The repair of index_missing at index:sessions_expiry .* was cut off half way\./,
      );
      assert.match(renderDiagnosis(diagnosis), /1\. Finish it, .*: `holdfast doctor --fix`\.$/m);
      const report = await fix(stack);
      assert.deepEqual([report.status, report.left], ['green', []], JSON.stringify(report));
      const afterwards = await diagnose(stack);
      assert.deepEqual([causes(afterwards), exitCode(afterwards)], [[], 0], afterwards.headline);
    });
  }
});
