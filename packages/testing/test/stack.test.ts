import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { startStack } from '../src/index.ts';

test('a stack that is closed leaves no server behind, not even one whose start was repeated', async () => {
  const stack = await startStack();
  await stack.server.start();
  const { pids } = stack.server;
  await stack.close();
  assert.equal(pids.length, 2);
  assert.deepEqual(
    pids.filter(pid => existsSync(`/proc/${pid}`)),
    [],
  );
  assert.equal(existsSync(stack.home), false);
});
