import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import type { FaultInjection, Stack } from '@holdfast/testing';
import { type Diagnosis, exitCode, renderDiagnosis } from '../src/index.ts';
import { assertSchema } from './assert-schema.ts';
import { diagnose, stackWithUsers } from './examination.ts';

/** A fault with what the first line for people must say, and how the plan begins where that is not the same for all. */
export type NamedFault = readonly [FaultInjection, RegExp, RegExp?];

type AssertNamed = (fault: FaultInjection, firstLine: RegExp, firstStep?: RegExp) => Promise<void>;

/** A test for each fault, on one system that lives as long as the suite around them. */
export function testEach(faults: readonly NamedFault[]): AssertNamed {
  let stack: Stack;

  before(async () => {
    stack = await stackWithUsers();
  });

  after(() => stack.close());

  async function assertNamed(fault: FaultInjection, firstLine: RegExp, firstStep = /^[A-Z]/): Promise<void> {
    await fault.inject(stack);
    try {
      const diagnosis = await diagnose(stack);
      assert.deepEqual(
        causesOf(diagnosis),
        [{ ...fault.expected }],
        renderDiagnosis(diagnosis, { verbose: true }),
      );
      assert.deepEqual([diagnosis.undecided, diagnosis.unexplained], [[], []]);
      assert.match(renderDiagnosis(diagnosis).split('\n')[0] ?? '', firstLine);
      assert.match(diagnosis.rootCauses[0]?.repair.steps[0] ?? '', firstStep);
      assert.equal(exitCode(diagnosis), 1);
      assertSchema(diagnosis);
      await assertNoSecrets(stack, diagnosis);
    } finally {
      await fault.heal(stack);
    }
    const { headline, rootCauses, undecided, unexplained } = await diagnose(stack);
    assert.deepEqual([rootCauses, undecided, unexplained], [[], [], []], headline);
  }

  for (const [fault, firstLine, firstStep] of faults) {
    it(`${fault.name}: ${fault.expected.code}, and nothing else`, () =>
      assertNamed(fault, firstLine, firstStep));
  }
  return assertNamed;
}

function causesOf({ rootCauses }: Diagnosis): FaultInjection['expected'][] {
  return rootCauses.map(({ code, layer, subject }) => ({ code, layer, subject }));
}

/** Neither the passwords of the database nor the material of the keys are in what leaves the doctor. */
async function assertNoSecrets({ cluster, home }: Stack, diagnosis: Diagnosis): Promise<void> {
  const urls = [cluster.appUrl, cluster.ownerUrl, cluster.superuserUrl];
  const keyring = await readFile(join(home, 'keyring.json'), 'utf8').catch(() => '{"keys":[]}');
  const { keys } = JSON.parse(keyring) as { keys: { secret?: string; privateJwk?: { d: string } }[] };
  const material = keys.flatMap(({ secret, privateJwk }) => secret ?? privateJwk?.d ?? []);
  const text = JSON.stringify(diagnosis) + renderDiagnosis(diagnosis, { verbose: true });
  for (const secret of [...urls.map(url => new URL(url).password), ...material]) {
    assert.ok(secret.length > 20 && !text.includes(secret), 'no secret leaves the doctor');
  }
}
