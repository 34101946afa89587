import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createAccessTokens, generateKeyring, keyringPath, writeKeyring } from '@holdfast/auth/tokens';
import { newId, parseSettings, systemClock } from '@holdfast/core';
import { startTestApp, type TestApp } from './keeper-app.ts';

let keeper: TestApp;
before(async () => {
  keeper = await startTestApp();
  await writeKeyring(keyringPath(keeper.home), generateKeyring(systemClock));
});
after(() => keeper.close());

const bearer = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } });

async function ask(
  path: string,
  init: RequestInit = {},
): Promise<{ status: number; headers: Headers; body: Record<string, unknown> }> {
  const response = await fetch(`${keeper.url}${path}`, init);
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  };
}

async function accessToken(roles: readonly string[], issuer?: string): Promise<string> {
  const { settings } = parseSettings([]);
  const { loadKeyring } = await import('@holdfast/auth/tokens');
  const keyring = await loadKeyring({ home: keeper.home });
  const tokens = createAccessTokens({
    keyring: () => keyring,
    issuer: issuer ?? settings.issuer,
    audience: settings.audience,
    ttlMs: 60_000,
    clock: systemClock,
  });
  const subject = { userId: newId(), sessionId: newId(), clientId: 'web', roles, amr: ['pwd'] };
  return (await tokens.issue(subject)).token;
}

test('a stranger sees which part is in which state, and nothing more', async () => {
  const { status, body } = await ask('/ops/v1/status');
  assert.equal(status, 200);
  assert.deepEqual(body, {
    status: 'trouble',
    version: '1.2.3',
    at: '2026-01-01T00:00:00.000Z',
    parts: [
      {
        part: 'server',
        state: 'backing-off',
        ok: false,
        ready: null,
        since: '2026-01-01T00:00:00.000Z',
        trouble: 'exit',
      },
    ],
    incidents: [{ part: 'server', kind: 'exit', startedAt: '2026-01-01T00:00:00.000Z', recoveredAt: null }],
  });
});

test('the break-glass token opens the details', async () => {
  const { status, body } = await ask('/ops/v1/status', bearer(keeper.token));
  assert.equal(status, 200);
  assert.equal(body.home, '/secret/home');
});

test('the break-glass token is long and for its owner alone', () => {
  assert.match(keeper.token, /^hf_bg_[\w-]{43}$/);
  assert.equal(statSync(join(keeper.home, 'break-glass.token')).mode & 0o777, 0o600);
});

test('an access token with the role admin or operator opens the details, another does not', async () => {
  for (const role of ['admin', 'operator']) {
    const { status } = await ask('/ops/v1/incidents', bearer(await accessToken(['user', role])));
    assert.equal(status, 200, role);
  }
  const { status, body } = await ask('/ops/v1/incidents', bearer(await accessToken(['user', 'support'])));
  assert.equal(status, 403);
  assert.equal(body.code, 'permission_denied');
});

test('everything but the public status is denied without a token, also what does not exist', async () => {
  const paths = [
    ['GET', '/ops/v1/incidents'],
    ['GET', '/ops/v1/health'],
    ['GET', '/ops/v1/metrics'],
    ['POST', '/ops/v1/diagnoses'],
    ['POST', '/ops/v1/parts/server/restart'],
    ['GET', '/ops/v1/unknown'],
  ] as const;
  for (const [method, path] of paths) {
    const { status, headers, body } = await ask(path, { method });
    assert.equal(status, 401, path);
    assert.equal(body.code, 'token_missing', path);
    assert.equal(headers.get('content-type'), 'application/problem+json', path);
    assert.match(headers.get('www-authenticate') ?? '', /^Bearer/, path);
  }
  assert.deepEqual(keeper.restarted, []);
});

test('a wrong token is told so even where strangers may look', async () => {
  const { status, body } = await ask('/ops/v1/status', bearer(`${keeper.token.slice(0, -1)}!`));
  assert.equal(status, 401);
  assert.equal(body.code, 'token_invalid');
});

test('an operator restarts a part that the keeper manages, and no other', async () => {
  const accepted = await ask('/ops/v1/parts/server/restart', { method: 'POST', ...bearer(keeper.token) });
  assert.equal(accepted.status, 202);
  assert.deepEqual(keeper.restarted, ['server']);
  const refused = await ask('/ops/v1/parts/postgres/restart', { method: 'POST', ...bearer(keeper.token) });
  assert.equal(refused.body.code, 'not_found');
  const unknown = await ask('/ops/v1/parts/sun/restart', { method: 'POST', ...bearer(keeper.token) });
  assert.equal(unknown.body.code, 'validation_failed');
});

test('a diagnosis is text and data', async () => {
  const { body } = await ask('/ops/v1/diagnoses', { method: 'POST', ...bearer(keeper.token) });
  assert.deepEqual(body, { text: 'The API process was not running.', diagnosis: { status: 'findings' } });
});

test('metrics are in the format of Prometheus', async () => {
  const response = await fetch(`${keeper.url}/ops/v1/metrics`, bearer(keeper.token));
  const text = await response.text();
  assert.match(text, /^# TYPE holdfast_part_up gauge\nholdfast_part_up\{part="server"\} 0$/m);
  assert.match(text, /^holdfast_part_restarts_total\{part="server"\} 3$/m);
  assert.match(text, /^holdfast_incidents_total 7$/m);
  assert.match(text, /^holdfast_cleanup_failed 1$/m);
  assert.match(text, /^holdfast_cleanup_rows\{policy="sessions"\} 12$/m);
  const backups = text.split('\n').filter(line => line.startsWith('holdfast_backup_'));
  assert.deepEqual(backups, [
    'holdfast_backup_last_run_timestamp_seconds 1767232800',
    'holdfast_backup_last_run_duration_seconds 2.5',
    'holdfast_backup_last_run_failed{destination="/a \\"b\\""} 1',
    'holdfast_backup_last_run_failed{destination="s3://c"} 0',
    'holdfast_backup_last_success_timestamp_seconds{destination="s3://c"} 1767232800',
    'holdfast_backup_last_success_bytes{destination="s3://c"} 4096',
  ]);
  assert.doesNotMatch(text, /holdfast_drill_/, 'nothing was drilled yet');
});

test('limits are validated', async () => {
  const { status, body } = await ask('/ops/v1/incidents?limit=0', bearer(keeper.token));
  assert.equal(status, 400);
  assert.equal(body.code, 'validation_failed');
});

test('what does not exist is a problem, too', async () => {
  const { status, headers, body } = await ask('/metrics');
  assert.equal(status, 404);
  assert.equal(headers.get('content-type'), 'application/problem+json');
  assert.equal(body.code, 'not_found');
  assert.equal(body.requestId, headers.get('x-request-id'));
});

test('the status page stands alone, and its policy allows exactly its own script and style', async () => {
  const response = await fetch(`${keeper.url}/`);
  const page = await response.text();
  const policy = response.headers.get('content-security-policy') ?? '';
  const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const [, script = ''] = /<script>([\s\S]*?)<\/script>/.exec(page) ?? [];
  const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(page) ?? [];
  assert.ok(policy.includes(`script-src ${hash(script)};`), policy);
  assert.ok(policy.includes(`style-src ${hash(style)};`), policy);
  assert.ok(policy.includes("default-src 'none'"));
  assert.ok(policy.includes("frame-ancestors 'none'"));
  assert.equal(/(src|href)="https?:/.exec(page), null);
  assert.doesNotThrow(() => new Function(script));
});

test('many wrong tokens from one address are slowed down, a right one is not', async () => {
  const codes = [];
  for (let attempt = 0; attempt < 15; attempt += 1) {
    const { headers, body } = await ask('/ops/v1/status', bearer('hf_bg_wrong'));
    codes.push(body.code);
    if (body.code === 'rate_limited') assert.ok(Number(headers.get('retry-after')) > 0);
  }
  assert.equal(codes.at(-1), 'rate_limited');
  assert.equal((await ask('/ops/v1/status', bearer(keeper.token))).status, 200);
});

test('an access token of another issuer is refused', async () => {
  const { body } = await ask(
    '/ops/v1/incidents',
    bearer(await accessToken(['admin'], 'http://elsewhere.example')),
  );
  assert.ok(['token_invalid', 'rate_limited'].includes(String(body.code)));
});

test('what is no HTTP, and a URL that cannot be decoded, are problems, too', async () => {
  const socket = connect(Number(new URL(keeper.url).port), '127.0.0.1');
  socket.end('NONSENSE\r\n\r\n');
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  const answer = Buffer.concat(chunks).toString();
  assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\ncontent-type: application\/problem\+json\r\n/);
  assert.match(answer, /"code":"invalid_request"/);
  const { status, body } = await ask('/%ff');
  assert.equal(status, 400);
  assert.equal(body.code, 'invalid_request');
});
