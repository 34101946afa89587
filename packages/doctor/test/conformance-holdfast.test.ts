import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sql } from '@holdfast/postgres';
import type { Stack } from '@holdfast/testing';
import { type CheckApiOptions, checkApi, loadDocument } from '../src/conformance/index.ts';
import { register, stackWithUsers } from './examination.ts';

const ACCOUNT = { email: 'keeper@example.com', password: 'Quiet-Lantern-Over-Fjord-77' };

describe('the API of Holdfast against its own document', () => {
  let stack: Stack;

  before(async () => {
    stack = await stackWithUsers();
    await register(stack, ACCOUNT.email);
    await stack.asSuperuser(db =>
      db.query(sql`
        insert into user_roles (user_id, role_id)
        select users.id, roles.id from users, roles where users.email = ${ACCOUNT.email} and roles.name = 'admin'
      `),
    );
  });
  after(() => stack.close());

  async function check(options: CheckApiOptions) {
    const document = await loadDocument(`${stack.server.url}/openapi.json`);
    return checkApi(document, { seed: 3, requestsPerSecond: 1_000, slowMs: 60_000, ...options });
  }

  const signIn = { path: '/api/v1/auth/login', body: ACCOUNT };

  it('conforms with a token, for an administrator', async () => {
    const report = await check({ access: { kind: 'sign-in', signIn: { ...signIn, token: '/accessToken' } } });
    assert.deepEqual(report.findings, []);
    assert.deepEqual(
      [...new Set(report.notExamined.map(({ why }) => why))],
      ['it changes something (--allow-writes)'],
    );
    const users = report.operations.find(({ operation }) => operation === 'GET /api/v1/admin/users/{userId}');
    assert.ok((users?.statuses['200'] ?? 0) > 0, 'the ids of the list were used');
  });

  it('conforms with cookies, which a browser keeps at this address', async () => {
    const body = { ...ACCOUNT, cookies: true };
    const report = await check({
      access: { kind: 'sign-in', signIn: { ...signIn, body, headers: { 'sec-fetch-site': 'same-origin' } } },
    });
    assert.deepEqual(report.findings, []);
  });

  it('conforms where things are created, changed and removed', async () => {
    const access = { kind: 'sign-in', signIn: { ...signIn, token: '/accessToken' } } as const;
    const report = await check({ access, allowWrites: true });
    assert.deepEqual(report.findings, []);
    const created = report.operations.find(({ operation }) => operation === 'POST /api/v1/admin/roles');
    assert.ok((created?.statuses['201'] ?? 0) > 0);
    const others = await stack.asSuperuser(db =>
      db.many(
        sql<{
          email: string;
        }>`select email from users where email = 'ada@example.com' and deleted_at is null`,
      ),
    );
    assert.equal(others.length, 1, 'another account is as it was');
  });

  it('conforms for somebody who may nothing, and says what could not be looked at', async () => {
    const report = await check({});
    assert.deepEqual(report.findings, []);
    assert.ok(report.notExamined.some(({ why }) => why.includes('no credentials were given')));
  });
});
