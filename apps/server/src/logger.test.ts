import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from './logger.ts';

function logged(write: (logger: ReturnType<typeof createLogger>) => void): Record<string, unknown> {
  const lines: string[] = [];
  write(createLogger({ level: 'info', stream: { write: line => void lines.push(line) } }));
  return JSON.parse(lines[0] ?? '{}') as Record<string, unknown>;
}

test('secrets are replaced wherever they are', () => {
  const line = logged(logger =>
    logger.info(
      {
        password: 'p1',
        nested: { refreshToken: 't1', deep: [{ authorization: 'Bearer abcdefgh' }] },
        fine: 1,
      },
      'x',
    ),
  );
  const text = JSON.stringify(line);
  for (const secret of ['p1', 't1', 'abcdefgh']) assert.ok(!text.includes(secret), secret);
  assert.equal(line.fine, 1);
});

test('an error is logged with its causes, without secrets and without members of its own', () => {
  const cause = Object.assign(new Error('connect to postgresql://app:hunter22@db/x failed'), {
    code: 'ECONNREFUSED',
  });
  const error = Object.assign(new Error('Bearer abcdefghijkl was refused', { cause }), {
    body: { password: 'p1' },
  });
  const { err } = logged(logger => logger.error({ err: error }, 'failed')) as {
    err: Record<string, unknown>;
  };
  const text = JSON.stringify(err);
  for (const secret of ['hunter22', 'abcdefghijkl', 'p1']) assert.ok(!text.includes(secret), secret);
  assert.equal((err.cause as { code: string }).code, 'ECONNREFUSED');
});
