import assert from 'node:assert/strict';
import { it } from 'node:test';
import { redactReport, redactReportText } from './redact-report.ts';

it('leaves neither secrets, nor people, nor values of rows in a text', () => {
  const cases: [string, string][] = [
    ['login of ada@example.com failed', 'login of [e-mail address] failed'],
    [
      'duplicate key: Key (lower(email))=(ada@example.com) already exists.',
      'duplicate key: Key (lower(email))=(…) already exists.',
    ],
    ['Key (phone, name)=(+49 170 1, Ada (old)) is not present', 'Key (phone, name)=(…) is not present'],
    ['Failing row contains (7, Ada, Lovelace, null).', 'Failing row contains (…).'],
    ["parameters: $1 = 'Ada', $2 = 'it''s'", "parameters: $1 = '…', $2 = '…'"],
    ['invalid input syntax for type integer: "Ada"', 'invalid input syntax for type integer: "…"'],
    ["alter role app password 'hunter2'", "alter role app password '[redacted]'"],
    ['postgresql://app:hun@ter@db.example.com/x', 'postgresql://app:[redacted]@db.example.com/x'],
    ['postgresql://app:[redacted]@ter@db/x', 'postgresql://app:[redacted]@db/x'],
    ['mysql://app:a/b@db/x', 'mysql://app:[redacted]@db/x'],
    ['redis://:hunter2@cache:6379', 'redis://:[redacted]@cache:6379'],
    ['password=hunter2; api_key: k-1', 'password=[redacted]; api_key: [redacted]'],
    ['Bearer abcdefghijklmnop', 'Bearer [redacted]'],
    ['key sk9LkQ2mZx7Rt4Vb8Nc1Wd5Yf3Gh6Jp0', 'key [opaque]'],
    ['sum 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c', 'sum [opaque]'],
  ];
  for (const [text, expected] of cases) assert.equal(redactReportText(text), expected);
});

it('leaves names, commands and addresses alone', () => {
  const same = [
    'postgresql://app@db.example.com:5432/shop',
    'idx_refresh_tokens_2_session_id_created_at',
    '20261121T164940Z-physical-k3f9',
    '018f3c52-7b1e-7abc-8def-0123456789ab',
    'node_modules/@scope/pkg/Dist2/node_modules/other',
    'holdfast restore --table refresh_tokens --to-time 2026-11-21T16:49:40Z',
    'GET /api/v1/admin/users/{userId}/sessions',
    'Key (email) is not unique',
  ];
  for (const text of same) assert.equal(redactReportText(text), text);
});

it('takes the literals out of statements, and secret fields by their name', () => {
  const value = {
    query: "select * from users where name = 'Ada'",
    nested: [{ apiKey: 'k', note: 'ada@example.com' }],
    rows: 3,
  };
  assert.deepEqual(redactReport(value), {
    query: "select * from users where name = '…'",
    nested: [{ apiKey: '[redacted]', note: '[e-mail address]' }],
    rows: 3,
  });
});
