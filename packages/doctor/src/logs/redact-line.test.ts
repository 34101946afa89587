import assert from 'node:assert/strict';
import { it } from 'node:test';
import { redactLine } from './redact-line.ts';

it('leaves neither secrets nor addresses of people in a line', () => {
  const cases: [string, string][] = [
    ['"GET /reset?email=ada@example.com&x=1 HTTP/1.1" 500', '"GET /reset?email=…&x=… HTTP/1.1" 500'],
    ['login of ada@example.com and bob%40example.org', 'login of [e-mail address] and [e-mail address]'],
    ['GET /reset/9fA8bC7dE6fG5hI4jK3lM2nO HTTP/1.1', 'GET /reset/[opaque] HTTP/1.1'],
    ['password=hunter2 token: abc', 'password=[redacted] token: [redacted]'],
    ['to postgresql://app:s3cret@db/x', 'to postgresql://app:[redacted]@db/x'],
    [
      '{"msg":"x","password":"hunter2","user":"a@b.de"}',
      '{"msg":"x","password":"[redacted]","user":"[e-mail address]"}',
    ],
    ['user 018f3c52-7b1e-7abc-8def-0123456789ab', 'user 018f3c52-7b1e-7abc-8def-0123456789ab'],
    ['a\tb\u0007c', 'a b c'],
  ];
  for (const [line, expected] of cases) assert.equal(redactLine(line), expected);
  assert.equal(redactLine('x '.repeat(500)).length, 240);
});
