import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeExit } from './exit.ts';
import { oneLine, readLogTail, reasonFromLog } from './log-reason.ts';

test('the last fatal line wins over later errors', () => {
  const tail = [
    '{"level":30,"msg":"listening"}',
    '{"level":60,"msg":"cannot start","err":{"message":"port 1 is in use"}}',
    '{"level":50,"msg":"later"}',
  ].join('\n');
  assert.equal(reasonFromLog(tail), 'cannot start: port 1 is in use');
});

test('levels may be labels', () => {
  assert.equal(
    reasonFromLog('{"level":"error","msg":"no keyring"}\n{"level":"info","msg":"x"}'),
    'no keyring',
  );
});

test('the log of PostgreSQL is understood', () => {
  const tail = [
    '2026-01-01 00:00:00.000 UTC [12] LOG:  starting',
    '2026-01-01 00:00:00.000 UTC [12] ERROR:  relation "x" does not exist',
    '2026-01-01 00:00:00.000 UTC [12] FATAL:  could not map anonymous shared memory: Cannot allocate memory',
    '2026-01-01 00:00:00.000 UTC [12] LOG:  database system is shut down',
  ].join('\n');
  assert.equal(reasonFromLog(tail), 'could not map anonymous shared memory: Cannot allocate memory');
});

test('an uncaught error and the error line of the command are understood', () => {
  assert.equal(
    reasonFromLog('node:events:1\n      throw er;\n\nTypeError: x is not a function\n    at y'),
    'x is not a function',
  );
  assert.equal(reasonFromLog('error: DATABASE_URL is required\n'), 'DATABASE_URL is required');
});

test('a log without errors gives no reason', () => {
  assert.equal(reasonFromLog('{"level":30,"msg":"listening"}\nplain\n\n'), undefined);
});

test('reasons are redacted, on one line, and bounded', () => {
  assert.equal(
    oneLine('connect postgresql://app:hunter2@db/x\n\tfailed'),
    'connect postgresql://app:[redacted]@db/x failed',
  );
  assert.equal(oneLine('x'.repeat(1_000)).length, 300);
});

test('a log that cannot be read is empty', async () => {
  assert.equal(await readLogTail('/nonexistent/log'), '');
});

test('exits are told in words', () => {
  assert.equal(describeExit({ code: null, signal: 'SIGKILL' }), 'was killed by SIGKILL');
  assert.equal(describeExit({ code: 2, signal: null }), 'exited with code 2');
  assert.equal(describeExit({ code: null, signal: null }), 'ended');
});
