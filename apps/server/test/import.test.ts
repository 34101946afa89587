import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { newId } from '@holdfast/core';
import { sql } from '@holdfast/postgres';
import { eventually } from '@holdfast/testing';
import { PASSWORD } from './support/people.ts';
import { call } from './support/requests.ts';
import { type TestApp, testApp } from './support/test-app.ts';
import { createWorld } from './support/world.ts';

interface ImportAnswer {
  readonly imported: number;
  readonly failed: number;
  readonly errors: readonly { line: number; code: string; message: string; field?: string }[];
}

type Import = (body: string, contentType?: string) => Promise<ImportAnswer>;

async function importer(test: TestApp): Promise<Import> {
  const { app, admin } = await createWorld(test);
  return async (body, contentType = 'application/x-ndjson') => {
    const response = await call(app, 'importUsers', { token: admin.accessToken, body, contentType });
    assert.equal(response.status, 200, response.body);
    return JSON.parse(response.body);
  };
}

const brief = ({ errors }: ImportAnswer) => errors.map(({ line, code, field }) => [line, code, field]);

test('NDJSON: good lines are kept, bad ones reported with their line', async t => {
  const test = await testApp(t);
  const doImport = await importer(test);
  const { email: taken } = await test.people.account();
  const lines = [
    JSON.stringify({
      email: 'one@example.com',
      displayName: 'One',
      emailVerified: true,
      roles: ['user', 'support'],
    }),
    '',
    '{"email":"two@example.com"',
    JSON.stringify({ email: 'three' }),
    JSON.stringify({ displayName: 'no address' }),
    JSON.stringify({ email: 'four@example.com', surprise: 1 }),
    JSON.stringify({ email: 'five@example.com', roles: ['nobody-has-this'] }),
    JSON.stringify({ email: 'six@example.com', password: 'short' }),
    JSON.stringify({ email: 'seven@example.com', passwordHash: 'md5:abc' }),
    JSON.stringify({ email: taken.toUpperCase() }),
    JSON.stringify({ email: 'ONE@example.com' }),
    '[]',
    JSON.stringify({ email: 'a\u0000b@example.com' }),
    JSON.stringify({ email: 'last@example.com', password: PASSWORD }),
  ];
  const answer = await doImport(lines.join('\r\n'));
  assert.equal(answer.imported, 2);
  assert.equal(answer.failed, 11);
  assert.deepEqual(brief(answer), [
    [3, 'invalid_json', undefined],
    [4, 'validation_failed', 'email'],
    [5, 'validation_failed', 'email'],
    [6, 'validation_failed', 'surprise'],
    [7, 'not_found', 'roles'],
    [8, 'password_rejected', 'password'],
    [9, 'invalid_request', 'passwordHash'],
    [10, 'email_taken', 'email'],
    [11, 'email_taken', 'email'],
    [12, 'validation_failed', undefined],
    [13, 'validation_failed', 'email'],
  ]);
  const login = await call(test.app, 'login', { body: { email: 'last@example.com', password: PASSWORD } });
  assert.equal(login.status, 200);
  const stored = await test.pool.one(sql<{ verified: boolean; name: string; roles: string }>`
    select users.email_verified_at is not null as verified, user_profiles.display_name as name,
      (select string_agg(roles.name, ' ' order by roles.name) from user_roles
        join roles on roles.id = user_roles.role_id where user_roles.user_id = users.id) as roles
    from users join user_profiles on user_profiles.user_id = users.id
    where email = 'one@example.com'
  `);
  assert.deepEqual({ ...stored }, { verified: true, name: 'One', roles: 'support user' });
});

test('CSV: quotes, line breaks and doubled quotes inside fields; lines are those of the input', async t => {
  const test = await testApp(t);
  const doImport = await importer(test);
  const input = [
    '\ufeffemail,displayName,roles,emailVerified', // 1
    '"ada@example.com","Ada, ""Countess""\r\nof Lovelace","user support",true', // 2 and 3
    'grace@example.com,Grace,,', // 4
    '', // 5
    'broken,Nobody,user,', // 6
    '"x@example.com"y,Nobody,user,', // 7
    'short@example.com', // 8
    '"multi@example.com","a', // 9
    '', // 10
    'b","nobody-has-this",', // 11
    'mary@example.com,Mary,user,perhaps', // 12
    'ada@EXAMPLE.com,Again,user,', // 13
    '"never,closed', // 14
    'lost@example.com,Lost,user,', // 15
  ].join('\r\n');
  const answer = await doImport(input, 'text/csv; charset=utf-8');
  assert.equal(answer.imported, 2);
  assert.deepEqual(brief(answer), [
    [6, 'validation_failed', 'email'],
    [7, 'invalid_request', undefined],
    [8, 'invalid_request', undefined],
    [9, 'not_found', 'roles'],
    [12, 'validation_failed', 'emailVerified'],
    [13, 'email_taken', 'email'],
    [14, 'invalid_request', undefined],
  ]);
  assert.equal(answer.failed, 7);
  const { name } = await test.pool.one(sql<{ name: string }>`
    select display_name as name from user_profiles join users on users.id = user_id where email = 'ada@example.com'
  `);
  assert.equal(name, 'Ada, "Countess"\r\nof Lovelace');
});

test('a second import of the same file changes nothing', async t => {
  const test = await testApp(t);
  const doImport = await importer(test);
  const body = Array.from({ length: 1_203 }, (_, index) =>
    JSON.stringify({ email: `many-${index}@example.com` }),
  ).join('\n');
  assert.deepEqual(await doImport(body), { imported: 1_203, failed: 0, errors: [] });
  const again = await doImport(`${body}\n{"email":"new@example.com"}\n`);
  assert.deepEqual([again.imported, again.failed, again.errors.length], [1, 1_203, 1_000]);
  assert.deepEqual(again.errors.at(-1), {
    line: 1_000,
    code: 'email_taken',
    message: 'An account with this e-mail address exists already.',
    field: 'email',
  });
});

test('text split anywhere is read alike', async t => {
  const test = await testApp(t, { values: { HOLDFAST_BODY_LIMIT: '1048576' } });
  const { admin } = await createWorld(test);
  const address = await test.app.listen({ port: 0, host: '127.0.0.1' });
  const text = `email,displayName\n${newId()}@example.com,"Zoë 👩‍💻\nand more"\n`;
  const bytes = Buffer.from(text);
  const body = new ReadableStream({
    async pull(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  const response = await fetch(`${address}/api/v1/admin/users/import`, {
    method: 'POST',
    headers: { authorization: `Bearer ${admin.accessToken}`, 'content-type': 'text/csv' },
    body,
    duplex: 'half',
  } as RequestInit);
  assert.deepEqual(await response.json(), { imported: 1, failed: 0, errors: [] });
  const { name } = await test.pool.one(
    sql<{ name: string }>`select display_name as name from user_profiles where display_name like 'Zo%'`,
  );
  assert.equal(name, 'Zoë 👩‍💻\nand more');
});

test('nothing is imported when the body is too large, announced or not', async t => {
  const test = await testApp(t, { values: { HOLDFAST_BODY_LIMIT: '1024' } });
  const { admin, app, pool } = await createWorld(test);
  const body = Array.from({ length: 1_000 }, () =>
    JSON.stringify({ email: `${newId()}@large.example` }),
  ).join('\n');
  const announced = await call(app, 'importUsers', {
    token: admin.accessToken,
    body,
    contentType: 'application/x-ndjson',
  });
  assert.equal(announced.status, 413, announced.body);
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  const response = await fetch(`${address}/api/v1/admin/users/import`, {
    method: 'POST',
    headers: { authorization: `Bearer ${admin.accessToken}`, 'content-type': 'application/x-ndjson' },
    body: endless(body),
    duplex: 'half',
  } as RequestInit);
  assert.equal(response.status, 413);
  assert.equal(((await response.json()) as { code: string }).code, 'payload_too_large');
  const { count } = await pool.one(
    sql<{ count: number }>`select count(*) as count from users where email like '%@large.example'`,
  );
  assert.equal(count, 0);
});

/** 10 MB in pieces, of a length that is not announced. */
function endless(text: string): ReadableStream {
  const piece = Buffer.from(`${text}\n`);
  let left = Math.ceil(10_000_000 / piece.length);
  return new ReadableStream({
    pull(controller) {
      controller.enqueue(piece);
      left -= 1;
      if (left === 0) controller.close();
    },
  });
}

test("an upload that breaks off changes nothing and is nobody else's fault", async t => {
  const test = await testApp(t);
  const { admin, app, pool } = await createWorld(test);
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  const sent = request({
    port,
    method: 'POST',
    path: '/api/v1/admin/users/import',
    headers: {
      authorization: `Bearer ${admin.accessToken}`,
      'content-type': 'application/x-ndjson',
      'content-length': 1_000,
      expect: '100-continue',
    },
  });
  sent.on('error', () => undefined);
  sent.flushHeaders();
  await once(sent, 'continue');
  await new Promise(resolve => sent.write('{"email":"first@broken.example"}\n', resolve));
  sent.destroy();
  await eventually(() => test.log.lines().find(({ msg }) => msg === 'request aborted'));
  assert.deepEqual(
    test.log.lines().filter(({ level }) => level !== 'info' && level !== 'debug'),
    [],
  );
  const { count } = await pool.one(
    sql<{ count: number }>`select count(*) as count from users where email like '%@broken.example'`,
  );
  assert.equal(count, 0);
});

test('a CSV without a usable header is refused as a whole', async t => {
  const test = await testApp(t);
  const { admin, app } = await createWorld(test);
  for (const body of ['name\nx\n', 'email,email\na@b,c@d\n', 'displayName\nx\n', '"email\na@b\n']) {
    const response = await call(app, 'importUsers', {
      token: admin.accessToken,
      body,
      contentType: 'text/csv',
    });
    assert.equal(response.status, 400, body);
    assert.equal(JSON.parse(response.body).code, 'validation_failed');
  }
  const empty = await call(app, 'importUsers', {
    token: admin.accessToken,
    body: '\n',
    contentType: 'text/csv',
  });
  assert.deepEqual(JSON.parse(empty.body), { imported: 0, failed: 0, errors: [] });
});
