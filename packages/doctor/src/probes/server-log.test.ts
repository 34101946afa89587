import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clean, readServerLog } from './server-log.ts';

const listening =
  '{"level":"info","time":"2026-01-01T00:00:00Z","url":"http://127.0.0.1:1","msg":"listening"}';

describe('readServerLog', () => {
  it('sees a server that serves', () => {
    assert.deepEqual(readServerLog([listening]), { lastStart: 'serving', settings: [] });
  });

  it('knows nothing of a log without a start and without a request', () => {
    assert.equal(readServerLog(['{"level":"info","msg":"key rotated"}', 'noise']).lastStart, 'unclear');
  });

  it('sees by its requests that a server serves whose start is further back', () => {
    const request = '{"level":"info","msg":"request"}';
    assert.equal(readServerLog([request, 'noise']).lastStart, 'serving');
    assert.equal(readServerLog(['error: The keyring /x is not usable', request]).lastStart, 'refused');
    assert.equal(readServerLog([request, 'error: The keyring /x is not usable']).lastStart, 'refused');
  });

  it('names the settings that were refused at the last start', () => {
    const run = readServerLog([
      listening,
      'error: 2 settings are missing or wrong:',
      '  DATABASE_URL is required by holdfast serve: PostgreSQL 14 to 18.',
      '  HOLDFAST_ACCESS_TOKEN_TTL must be a duration with its unit (from stack.env)',
    ]);
    assert.equal(run.lastStart, 'refused');
    assert.equal(run.code, 'configuration_invalid');
    assert.deepEqual(run.settings, [
      { variable: 'DATABASE_URL', kind: 'missing' },
      { variable: 'HOLDFAST_ACCESS_TOKEN_TTL', kind: 'invalid' },
    ]);
    assert.match(run.lastWords ?? '', /^2 settings are missing or wrong: DATABASE_URL is required/);
  });

  it('reads the same from JSON', () => {
    const problems = [{ variable: 'DATABASE_URL', kind: 'missing' }];
    const error = { code: 'configuration_invalid', message: 'One setting is missing', details: { problems } };
    assert.deepEqual(readServerLog([JSON.stringify({ error })]), {
      lastStart: 'refused',
      code: 'configuration_invalid',
      lastWords: 'One setting is missing',
      settings: problems,
    });
  });

  it('forgets a refusal once a later start serves', () => {
    assert.deepEqual(readServerLog(['error: The keyring /x is not usable', listening]).lastStart, 'serving');
  });

  it('knows a refused keyring and a taken port by their words', () => {
    assert.equal(
      readServerLog(['error: The keyring /home/keyring.json cannot be read']).code,
      'keyring_invalid',
    );
    assert.equal(readServerLog(['error: Port 7400 of 127.0.0.1 is in use. Stop it.']).code, 'port_in_use');
  });

  it('keeps the last words of a server that crashed, and no ordinary errors', () => {
    const crash = readServerLog([listening, 'TypeError: x is not a function', '    at file:///x.ts:1:1']);
    assert.deepEqual([crash.lastStart, crash.lastWords], ['serving', 'TypeError: x is not a function']);
    const error = '{"level":"error","msg":"request","err":{"message":"boom"}}';
    assert.equal(readServerLog([listening, error]).lastWords, undefined);
    const fatal = '{"level":"fatal","msg":"out of luck","err":{"message":"boom"}}';
    assert.equal(readServerLog([listening, fatal]).lastWords, 'out of luck: boom');
  });
});

it('clean leaves neither secrets nor people nor control characters in a line', () => {
  const dirty = 'login of ada@example.com\tat postgresql://app:secret@db/x with Bearer abcdefghijkl';
  assert.equal(
    clean(dirty),
    'login of [e-mail address] at postgresql://app:[redacted]@db/x with Bearer [redacted]',
  );
});
