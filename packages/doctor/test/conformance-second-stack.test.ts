import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { emptyDatabase, SECOND_STACK_FAULTS, type SecondStack, startSecondStack } from '@holdfast/testing';
import { type ApiReport, type CheckApiOptions, checkApi, loadDocument } from '../src/conformance/index.ts';

const SEED = 7;
/** Nothing counts as slow on a busy machine, except where a view is made so. */
const NEVER_SLOW_MS = 60_000;

/** Found by kind and operation. */
function found({ findings }: ApiReport): string[] {
  return findings.map(({ kind, operation }) => `${kind} ${operation}`);
}

describe('a system that is not ours', () => {
  let stack: SecondStack;

  before(async () => {
    stack = await startSecondStack((await emptyDatabase()).ownerUrl);
  });
  after(() => stack.close());

  /** As a browser would see it: under a public name, through the proxy. */
  async function check(options: CheckApiOptions = {}): Promise<ApiReport> {
    const url = new URL(stack.proxyUrl);
    url.hostname = 'shop.test';
    return checkApi(await loadDocument(stack.openapi), {
      apiUrls: [url.origin],
      resolve: { 'shop.test': '127.0.0.1' },
      access: {
        kind: 'sign-in',
        signIn: { path: '/v2/session', body: stack.account, token: '/data/access_token' },
      },
      origins: [stack.origin],
      seed: SEED,
      slowMs: NEVER_SLOW_MS,
      requestsPerSecond: 1_000,
      ...options,
    });
  }

  it('conforms while it is well, and every operation that changes nothing was looked at', async () => {
    const report = await check();
    assert.deepEqual(found(report), [], JSON.stringify(report.findings, undefined, 1));
    assert.equal(report.status, 'conforms');
    const why = new Set(report.notExamined.map(({ why }) => why));
    assert.deepEqual([...why], ['it changes something (--allow-writes)']);
    const answered = report.operations.filter(({ statuses }) => (statuses['200'] ?? 0) > 0);
    assert.equal(answered.length, 9);
  });

  for (const [name, fault] of Object.entries(SECOND_STACK_FAULTS)) {
    it(`${name}: ${fault.name} is found, and nothing else`, async () => {
      await fault.inject(stack);
      try {
        const report = await check(
          name === 'slowRoute' ? { slowMs: 1_000, only: ['listOrders', 'getOrder'] } : {},
        );
        const kinds = new Set(report.findings.map(({ kind }) => kind));
        assert.deepEqual([...kinds], [fault.expected.kind], JSON.stringify(report.findings, undefined, 1));
        for (const operation of fault.expected.operations) {
          assert.ok(found(report).includes(`${fault.expected.kind} ${operation}`), found(report).join('\n'));
        }
      } finally {
        await fault.heal(stack);
      }
    });
  }

  it('is well again after all that', async () => {
    assert.deepEqual(found(await check()), []);
  });
});
