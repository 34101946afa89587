import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { programOutput } from './run-program.ts';

/** One that nobody has waited for is not running. */
function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !/\) [ZX] /.test(stat);
  } catch {
    return false;
  }
}

test('given up, a program is gone with everything that it started, also with what does not want to go', async () => {
  const stop = new AbortController();
  const script = `(trap '' TERM; exec sleep 600) >/dev/null 2>&1 & echo $!; wait`;
  const options = { file: '/bin/sh', args: ['-c', script], environment: {}, signal: stop.signal };
  let pid = 0;
  await assert.rejects(async () => {
    for await (const chunk of programOutput(options)) {
      pid = Number(chunk.toString('utf8'));
      stop.abort(new Error('enough'));
    }
  }, /^Error: enough$/);
  assert.ok(pid > 0);
  assert.equal(isRunning(pid), false);
});

test('what a program leaves running is ended when it ends', async () => {
  const script = 'sleep 600 >/dev/null 2>&1 & echo $!';
  const chunks: Buffer[] = [];
  for await (const chunk of programOutput({ file: '/bin/sh', args: ['-c', script], environment: {} })) {
    chunks.push(chunk);
  }
  assert.equal(isRunning(Number(Buffer.concat(chunks).toString('utf8'))), false);
});
