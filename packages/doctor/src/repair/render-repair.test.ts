import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RepairRecord } from '../report/deliverables/repair-record.ts';
import { renderRepair } from './render-repair.ts';
import type { RepairReport } from './repair-options.ts';

const planned = (risk: RepairRecord['risk']): RepairRecord => ({
  ...{ id: '1', code: 'table_locked', subject: 'table:orders', risk, startedAt: '', finishedAt: null },
  ...{ outcome: 'planned', backup: null, steps: [], before: [], after: [] },
  ...{ untouched: null, remains: [], undo: 'None.' },
});

function commandOf(...risks: readonly RepairRecord['risk'][]): string | undefined {
  const diagnosis = { unexplained: [] } as unknown as RepairReport['diagnosis'];
  const report: RepairReport = {
    ...{ schemaVersion: 1, mode: 'plan', status: 'planned', headline: '', backup: null, resumed: [] },
    ...{ repairs: risks.map(planned), left: [], missing: [], journal: null, diagnosis },
  };
  return renderRepair(report).trim().split('\n').at(-1);
}

test('what was taken back has nothing left to undo', () => {
  const diagnosis = { unexplained: [] } as unknown as RepairReport['diagnosis'];
  const undo = 'holdfast restore 20260101T000000Z-tables-abcd --undo --yes.';
  const textOf = (outcome: RepairRecord['outcome']) =>
    renderRepair({
      ...{ schemaVersion: 1, mode: 'apply', status: 'not_green', headline: '', backup: null, resumed: [] },
      ...{
        repairs: [{ ...planned('confirm'), outcome, undo }],
        left: [],
        missing: [],
        journal: null,
        diagnosis,
      },
    });
  assert.match(textOf('helped'), /To undo: holdfast restore/);
  assert.match(textOf('failed'), /To undo: holdfast restore/);
  assert.doesNotMatch(textOf('undone'), /To undo|restore/);
});

test('a plan ends with the command that does all of it, and agrees to nothing else', () => {
  const command = 'To do it all: holdfast doctor --fix';
  assert.equal(commandOf('safe'), command);
  assert.equal(commandOf('safe', 'confirm'), `${command} --yes`);
  assert.equal(commandOf('destructive'), `${command} --yes-destructive`);
  assert.equal(commandOf('destructive', 'confirm'), `${command} --yes --yes-destructive`);
});

test('a plan tells what it would stop at', () => {
  const diagnosis = { unexplained: [] } as unknown as RepairReport['diagnosis'];
  const text = renderRepair({
    ...{ schemaVersion: 1, mode: 'plan', status: 'planned', headline: '', backup: null, resumed: [] },
    ...{ repairs: [planned('safe')], left: [], missing: ['no backup can be taken before: no place'] },
    ...{ journal: null, diagnosis },
  });
  assert.match(text, /\nMissing so far: no backup can be taken before: no place\nTo do it all: /);
});
