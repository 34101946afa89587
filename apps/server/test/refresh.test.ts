import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { listAudit } from '@holdfast/auth';
import { connect, type SqlQuery, sql } from '@holdfast/postgres';
import { eventually } from '@holdfast/testing';
import type { SeenResponse } from './support/conformance.ts';
import type { Person } from './support/people.ts';
import { type Pair, type Replica, skewedClock, startPair } from './support/replicas.ts';

interface TokenBody {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly refreshExpiresIn: number;
}

const refresh = (at: Replica, refreshToken: string): Promise<SeenResponse> =>
  at.call('refresh', { body: { refreshToken } });

function tokens(response: SeenResponse): TokenBody {
  assert.equal(response.status, 200, response.body);
  return JSON.parse(response.body) as TokenBody;
}

function codeOf({ body }: SeenResponse): string {
  return body === '' ? '' : (JSON.parse(body) as { code: string }).code;
}

const both = ({ a, b }: Pair, index: number): Replica => (index % 2 === 0 ? a : b);
const range = (size: number): number[] => Array.from({ length: size }, (_, index) => index);

async function asOwner({ database }: Pair, statement: SqlQuery<unknown>): Promise<void> {
  const owner = await connect({ url: database.ownerUrl });
  await owner.execute(statement);
  await owner.close();
}

const works = async (at: Replica, accessToken: string): Promise<boolean> =>
  (await at.call('getMe', { token: accessToken })).status === 200;

async function withPair(
  t: TestContext,
  values: Readonly<Record<string, string>> = {},
): Promise<{ pair: Pair; person: Person }> {
  const pair = await startPair(t, values);
  return { pair, person: await pair.people.person() };
}

test('1: parallel refreshes of one token at two replicas give one successor, and all are signed in', async t => {
  const { pair, person } = await withPair(t);
  const answers = await Promise.all(range(50).map(index => refresh(both(pair, index), person.refreshToken)));
  const issued = answers.map(tokens);
  assert.equal(new Set(issued.map(({ refreshToken }) => refreshToken)).size, 1);
  const verdicts = await Promise.all(
    issued.map(({ accessToken }, index) => works(both(pair, index + 1), accessToken)),
  );
  assert.deepEqual(new Set(verdicts), new Set([true]));
});

test('2: a retry after a lost answer succeeds, at another replica', async t => {
  const { pair, person } = await withPair(t, { HOLDFAST_REFRESH_GRACE: '0ms' });
  const lost = tokens(await refresh(pair.a, person.refreshToken));
  const retried = tokens(await refresh(pair.b, person.refreshToken));
  assert.equal(retried.refreshToken, lost.refreshToken);
  assert.ok(await works(pair.a, retried.accessToken));
});

test('3: reuse after the grace time ends the session everywhere', async t => {
  const { pair, person } = await withPair(t, { HOLDFAST_REFRESH_GRACE: '0ms' });
  const second = tokens(await refresh(pair.a, person.refreshToken));
  const third = tokens(await refresh(pair.b, second.refreshToken));
  const reused = await refresh(pair.a, person.refreshToken);
  assert.deepEqual([reused.status, codeOf(reused)], [401, 'refresh_token_reused']);
  const current = await refresh(pair.b, third.refreshToken);
  assert.deepEqual([current.status, codeOf(current)], [401, 'session_revoked']);
  await eventually(async () => !(await works(pair.b, third.accessToken)));
  const events = await listAudit(pair.database.pool, { action: 'session.reuse_detected', limit: 10 });
  assert.deepEqual(
    events.map(({ subjectId }) => subjectId),
    [person.sessionId],
  );
});

test('4: a replayed token of a logged-out session ends no other session', async t => {
  const { pair, person } = await withPair(t, { HOLDFAST_REFRESH_GRACE: '0ms' });
  const other = await pair.people.signIn({ id: person.userId, email: person.email });
  const logout = { body: { refreshToken: person.refreshToken } };
  assert.equal((await pair.a.call('logout', logout)).status, 204);
  for (const index of range(4)) {
    const replayed = await refresh(both(pair, index), person.refreshToken);
    assert.deepEqual([replayed.status, codeOf(replayed)], [401, 'session_revoked']);
  }
  assert.equal((await pair.b.call('logout', logout)).status, 204);
  tokens(await refresh(pair.a, other.refreshToken));
});

test('5: a revocation wins against a refresh that races it', async t => {
  const { pair } = await withPair(t);
  for (const round of range(20)) {
    const person = await pair.people.person();
    const [refreshed, ended] = await Promise.all([
      refresh(both(pair, round), person.refreshToken),
      both(pair, round + 1).call('logout', { body: { refreshToken: person.refreshToken } }),
    ]);
    assert.equal(ended.status, 204);
    const left = refreshed.status === 200 ? tokens(refreshed).refreshToken : person.refreshToken;
    for (const at of [pair.a, pair.b]) assert.equal(codeOf(await refresh(at, left)), 'session_revoked');
  }
});

test('6: the absolute end of a session holds however often it is refreshed', async t => {
  const { pair, person } = await withPair(t);
  const soon = sql`now() + interval '2 seconds'`;
  await asOwner(pair, sql`update sessions set expires_at = ${soon} where id = ${person.sessionId}`);
  await asOwner(
    pair,
    sql`update refresh_tokens set absolute_expires_at = ${soon} where session_id = ${person.sessionId}`,
  );
  let token = person.refreshToken;
  const end = await eventually(async () => {
    const answer = await refresh(pair.a, token);
    if (answer.status !== 200) return answer;
    const { refreshToken, refreshExpiresIn } = tokens(answer);
    assert.ok(refreshExpiresIn <= 2, String(refreshExpiresIn));
    token = refreshToken;
    return undefined;
  });
  assert.deepEqual([end.status, codeOf(end)], [401, 'session_expired']);
});

test('7: nothing in the database is a token, or a key that makes one', async t => {
  const { pair, person } = await withPair(t);
  const { accessToken, refreshToken } = tokens(await refresh(pair.a, person.refreshToken));
  const secrets = pair.keyring.keys.map(key => ('secret' in key ? key.secret : key.privateJwk.d));
  const superuser = await connect({ url: pair.database.superuserUrl });
  const tables = await superuser.many(sql<{ schema: string; name: string }>`
    select schemaname as schema, tablename as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')
  `);
  assert.ok(tables.length >= 15);
  for (const { schema, name } of tables) {
    const rows = await superuser.many(
      sql<{ row: string }>`select t::text as row from ${sql.id(schema, name)} t`,
    );
    const text = rows.map(({ row }) => row).join('\n');
    for (const secret of [...secrets, accessToken, refreshToken, person.refreshToken]) {
      assert.ok(!text.includes(secret), `${schema}.${name}`);
    }
  }
  await superuser.close();
});

test('10: after 50 refreshes that raced a logout nothing refreshes', async t => {
  const { pair, person } = await withPair(t);
  const racing = range(50).map(index => refresh(both(pair, index), person.refreshToken));
  const logout = pair.b.call('logout', { body: { refreshToken: person.refreshToken } });
  const answers = await Promise.all(racing);
  assert.equal((await logout).status, 204);
  const refreshed = answers.filter(({ status }) => status === 200).map(answer => tokens(answer).refreshToken);
  assert.ok(answers.every(({ status }) => status === 200 || status === 401));
  for (const token of new Set([person.refreshToken, ...refreshed])) {
    for (const at of [pair.a, pair.b]) {
      const answer = await refresh(at, token);
      assert.deepEqual([answer.status, codeOf(answer)], [401, 'session_revoked']);
    }
  }
});

test('a replica whose clock is 5 minutes off signs nobody out', async t => {
  for (const minutes of [5, -5]) {
    const pair = await startPair(t, {}, { b: { clock: skewedClock(minutes * 60_000) } });
    const person = await pair.people.person();
    assert.ok(await works(pair.b, person.accessToken), 'a token of the right clock at the wrong one');
    const fromWrong = tokens(await refresh(pair.b, person.refreshToken));
    assert.ok(await works(pair.a, fromWrong.accessToken), 'and the other way round');
    assert.ok(await works(pair.b, fromWrong.accessToken));
    const again = tokens(await refresh(pair.a, fromWrong.refreshToken));
    assert.ok(await works(pair.b, again.accessToken));
  }
});

test('37: disabling an account ends its sessions at every replica at once', async t => {
  const { pair, person } = await withPair(t);
  const admin = await pair.people.person(['admin', 'user']);
  assert.ok(await works(pair.b, person.accessToken));
  const startedAt = performance.now();
  const disabled = await pair.a.call('disableUser', {
    token: admin.accessToken,
    params: { userId: person.userId },
  });
  assert.equal(disabled.status, 200, disabled.body);
  // asks for nothing that the database decides: the replica itself must know
  const refusedAt = (at: Replica) =>
    eventually(async () => {
      const answer = await at.call('patchMyProfile', { token: person.accessToken, body: {} });
      return answer.status === 401 && codeOf(answer) === 'session_revoked';
    });
  await Promise.all([refusedAt(pair.a), refusedAt(pair.b)]);
  t.diagnostic(`refused everywhere ${Math.round(performance.now() - startedAt)} ms after the request`);
  assert.equal(codeOf(await refresh(pair.b, person.refreshToken)), 'session_revoked');
});
