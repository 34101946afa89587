import { after, before, describe, it } from 'node:test';
import { type Stack, searchPathChanged, triggerRefusesRows } from '@holdfast/testing';
import { carryOut } from '../src/repair/carry-out.ts';
import { finishesAfter } from './cut-off-repairs.ts';
import { stackWithUsers } from './examination.ts';

describe('repairs of roles and of what guards rows that are cut off', () => {
  let stack: Stack;

  before(async () => {
    stack = await stackWithUsers();
  });
  after(() => stack.close());

  it('as a superuser, with sessions that end: finished, wherever it died', () =>
    finishesAfter(stack, searchPathChanged, carryOut));

  it('of a trigger that was added: finished, wherever it died', () =>
    finishesAfter(stack, triggerRefusesRows('audit_log'), carryOut));
});
