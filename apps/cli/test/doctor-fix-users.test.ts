import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { type SqlQuery, sql } from '@holdfast/postgres';
import { type Stack, startStack } from '@holdfast/testing';
import { runHoldfast } from './run-holdfast.ts';

const PASSWORD = 'Quiet-Lantern-Over-Fjord-77';
const SESSIONS = 4;
/** Fewer users say nothing when they are gone. */
const OTHERS = 40;

interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

async function post(stack: Stack, operation: string, body: object, token?: string): Promise<Response> {
  return fetch(`${stack.server.url}/api/v1/auth/${operation}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
}

async function signIn(stack: Stack): Promise<Tokens> {
  const response = await post(stack, 'login', { email: 'ada@example.com', password: PASSWORD });
  assert.equal(response.status, 200);
  return (await response.json()) as Tokens;
}

async function statusOfMe(stack: Stack, { accessToken }: Tokens): Promise<number> {
  const { status } = await fetch(`${stack.server.url}/api/v1/users/me`, {
    headers: { authorization: `Bearer ${accessToken}` },
  });
  return status;
}

/** As a role that may copy the whole server. */
function inStack({ cluster }: Stack): string {
  const url = new URL(cluster.superuserUrl);
  url.pathname = '/holdfast';
  return url.href;
}

async function fix(base: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runHoldfast(['doctor', '--fix', '--yes', ...base]);
  assert.equal(code, 0, stdout + stderr);
  return stdout;
}

/** Types the commands that a plan shows, in its order. */
async function paste(base: readonly string[]): Promise<string> {
  const { stdout } = await runHoldfast(['doctor', '--fix=plan', ...base]);
  const commands = [...stdout.matchAll(/^ +holdfast (restore .*)$/gm)].map(([, command = '']) => command);
  assert.match(commands[0] ?? '', /--table public\.users,/);
  for (const command of commands) {
    const { code, stdout: said, stderr } = await runHoldfast([...command.split(' '), ...base]);
    assert.equal(code, 0, command + said + stderr);
  }
  return stdout;
}

const count = (stack: Stack, query: SqlQuery<{ n: number }>) =>
  stack.asSuperuser(async db => (await db.one(query)).n);

for (const way of ['--fix', 'the commands of the plan, pasted'] as const) {
  test(`users that were deleted come back by ${way} with who was signed in; those who had signed out stay out`, async t => {
    const stack = await startStack();
    t.after(() => stack.close());
    await stack.setVariable('HOLDFAST_POSTGRES_DIR', join(stack.home, 'shared'));
    const base = ['--home', stack.home, '--env-file', join(stack.home, 'stack.env')];
    await post(stack, 'register', { email: 'ada@example.com', password: PASSWORD });
    await stack.asSuperuser(db =>
      db.script(`insert into users (id, email)
      select gen_random_uuid(), format('user-%s@example.com', n) from generate_series(1, ${OTHERS}) n;
      insert into one_time_tokens (id, user_id, purpose, token_hash, expires_at)
      select gen_random_uuid(), id, 'reset_password', decode(md5(email) || md5(email), 'hex'), now() + interval '1 hour' from users limit 1`),
    );
    const before = await signIn(stack);
    const ended = await signIn(stack);
    const whole = ['--engine', 'physical', '--database-url', inStack(stack)];
    const backup = await runHoldfast(['backup', '--home', stack.home, '--no-env-file', ...whole]);
    assert.equal(backup.code, 0, backup.stderr);
    const after = await Promise.all(Array.from({ length: SESSIONS - 2 }, () => signIn(stack)));
    assert.equal((await post(stack, 'logout', {}, ended.accessToken)).status, 204);
    await stack.asSuperuser(db => db.script('delete from users'));
    assert.notEqual(await statusOfMe(stack, before), 200);

    const stdout = way === '--fix' ? await fix(base) : await paste(base);
    assert.equal(await count(stack, sql`select count(*)::int as n from users`), OTHERS + 1, stdout);
    for (const tokens of [before, ...after]) {
      const refreshed = await post(stack, 'refresh', { refreshToken: tokens.refreshToken });
      assert.equal(refreshed.status, 200, await refreshed.text());
      assert.equal(await statusOfMe(stack, tokens), 200);
    }
    const refused = await post(stack, 'refresh', { refreshToken: ended.refreshToken });
    assert.equal(refused.status, 401);
    assert.match(await refused.text(), /session_revoked/);
    if (way !== '--fix') return;
    assert.match(stdout, /public\.sessions: 2 rows brought back/);
    assert.match(stdout, /which time sessions lack is recorded, from \d{4}-\S+ on/);
    assert.match(
      stdout,
      /works, with rows of public\.one_time_tokens that went with them not brought back\./,
    );
  });
}
