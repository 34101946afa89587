import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { parseSettings } from '@holdfast/core';
import { type Stack, startSlowLine } from '@holdfast/testing';
import {
  type Diagnosis,
  examine,
  exitCode,
  renderDiagnosis,
  resolveTarget,
  type Target,
} from '../src/index.ts';
import { buildReport, renderHtml, renderMarkdown } from '../src/report/index.ts';
import { assertSchema } from './assert-schema.ts';
import { stackWithUsers } from './examination.ts';
import { missingReadings } from './report-sample.ts';

const INCOMPLETE =
  /^What was examined works, but the time was over before everything was: not made were \d+ checks? of /;

describe('an examination that runs out of time', () => {
  let stack: Stack;

  before(async () => {
    stack = await stackWithUsers();
  });
  after(() => stack.close());

  const target = async (): Promise<Target> =>
    resolveTarget({ home: stack.home, settings: await stack.settings() });

  /** After how long a part is seen and not all, is a matter of the machine. */
  async function cutShort(): Promise<Diagnosis> {
    for (let timeoutMs = 20; timeoutMs < 2_000; timeoutMs *= 1.5) {
      const diagnosis = await examine(await target(), { timeoutMs });
      if (diagnosis.status === 'incomplete') return diagnosis;
    }
    assert.fail('everything or nothing was seen, whatever the time');
  }

  function assertNothingBlamed(diagnosis: Diagnosis): void {
    assert.deepEqual([diagnosis.rootCauses, diagnosis.undecided, diagnosis.unexplained], [[], [], []]);
    assert.deepEqual(
      diagnosis.checks.filter(({ outcome }) => outcome === 'fail'),
      [],
    );
    assertSchema(diagnosis);
  }

  for (const timeoutMs of [1, 20, 60, 120, 250, 400]) {
    it(`blames nothing after ${timeoutMs} ms, and calls nothing healthy that it has not seen`, async () => {
      const diagnosis = await examine(await target(), { timeoutMs });
      assertNothingBlamed(diagnosis);
      const late = diagnosis.notExamined.some(({ outOfTime }) => outOfTime);
      assert.equal(diagnosis.status === 'healthy', !late, diagnosis.headline);
      assert.equal(exitCode(diagnosis), late ? 3 : 0);
    });
  }

  it('says what it has not seen, in every form', async () => {
    const diagnosis = await cutShort();
    assert.match(diagnosis.headline, INCOMPLETE);
    const screen = renderDiagnosis(diagnosis);
    assert.match(screen, /^Not seen {2}\d+ checks of [a-z, ]+: .*within the time|the time .* was over/m);
    assert.match(screen, /With more time it sees more: `holdfast doctor --timeout 30s`/);
    const report = buildReport({
      ...{ diagnosis, readings: missingReadings(), repairs: [] },
      ...{ id: '20260501T100000Z-ab12', version: '0.1.0' },
    });
    for (const text of [renderMarkdown(report, 'summary'), renderHtml(report)]) {
      assert.ok(!text.includes('Everything that was examined works'));
      assert.match(text, /the time was over before everything was: not made were/);
      assert.match(text, /holdfast doctor --timeout 30s/);
    }
  });

  it('is incomplete as well when only a part was given up, and complete with more time', async () => {
    const { databaseUrl = '', ownerDatabaseUrl = '' } = (await stack.settings()).settings;
    const line = await startSlowLine(databaseUrl, 120);
    try {
      const far = (url: string): string => {
        const there = new URL(url);
        there.port = new URL(line.url).port;
        return there.href;
      };
      const values = { DATABASE_URL: far(databaseUrl), HOLDFAST_OWNER_DATABASE_URL: far(ownerDatabaseUrl) };
      const settings = parseSettings([{ origin: 'test', values }]);
      const there = await resolveTarget({ home: '/nowhere', settings, apiUrl: stack.server.url });
      const soon = await examine(there);
      assertNothingBlamed(soon);
      assert.equal(soon.status, 'incomplete', JSON.stringify(soon.timings));
      assert.match(soon.headline, INCOMPLETE);
      assert.ok(soon.checks.some(({ id, outcome }) => id === 'database.login' && outcome === 'pass'));
      const late = await examine(there, { timeoutMs: 80_000 });
      assertNothingBlamed(late);
      assert.deepEqual(
        late.notExamined.filter(({ outOfTime }) => outOfTime),
        [],
      );
      assert.ok(['healthy', 'degraded'].includes(late.status), late.headline);
      assert.equal(exitCode(late), 0);
    } finally {
      await line.close();
    }
  });
});
