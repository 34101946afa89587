import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTerminal } from '../../terminal.ts';
import { askConsent } from './ask-consent.ts';

type Planned = Parameters<ReturnType<typeof askConsent>>[0];

const planned = (risk: Planned['risk']): Planned => ({
  ...{ id: '1', code: 'prepared_transaction_forgotten', subject: 'database', risk, startedAt: '' },
  ...{ finishedAt: null, outcome: 'planned', backup: null, steps: [], before: [], after: [] },
  ...{ untouched: null, remains: [], undo: 'None.' },
});

const terminal = createTerminal(
  { stdout: process.stdout, stderr: process.stderr },
  { json: true, verbose: false, color: false },
);

test('each risk has its own option, and without a terminal silence is no consent', async () => {
  const answers = async (options: Parameters<typeof askConsent>[0]): Promise<boolean[]> => {
    const consent = askConsent(options, terminal);
    return Promise.all([consent(planned('confirm')), consent(planned('destructive'))]);
  };
  assert.deepEqual(await answers({}), [false, false]);
  assert.deepEqual(await answers({ yes: true }), [true, false]);
  assert.deepEqual(await answers({ 'yes-destructive': true }), [false, true]);
});
