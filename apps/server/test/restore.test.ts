import assert from 'node:assert/strict';
import { test } from 'node:test';
import { journalPath, readJournal, recordRestore } from '@holdfast/auth';
import { connect, sql } from '@holdfast/postgres';
import { type Pair, type Replica, startPair } from './support/replicas.ts';

const SIZE = 8;

interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

const both = ({ a, b }: Pair, index: number): Replica => (index % 2 === 0 ? a : b);

async function refresh(at: Replica, { refreshToken }: Tokens): Promise<{ code: string; tokens: Tokens }> {
  const answer = await at.call('refresh', { body: { refreshToken } });
  const body = JSON.parse(answer.body);
  if (answer.status === 503) assert.ok(Number(answer.headers['retry-after']) >= 1);
  return { code: `${answer.status} ${body.code ?? ''}`.trim(), tokens: body };
}

async function each<T>(items: readonly T[], work: (item: T, index: number) => Promise<string>) {
  return [...new Set(await Promise.all(items.map(work)))];
}

/** Puts the session tables back to what they were, by hand: what a restore of the whole database does to them. */
async function withOwner(pair: Pair, script: string): Promise<void> {
  const owner = await connect({ url: pair.database.ownerUrl });
  await owner.script(script);
  await owner.close();
}

const SAVE = `create schema saved; create table saved.sessions as table sessions;
  create table saved.refresh_tokens as table refresh_tokens`;
const RESTORE = `delete from sessions; insert into sessions select * from saved.sessions;
  insert into refresh_tokens select * from saved.refresh_tokens; drop schema saved cascade`;

test('9: after a restore every live user is still signed in, and what was revoked stays revoked', async t => {
  const pair = await startPair(t, { HOLDFAST_REFRESH_GRACE: '0ms' });
  const { a, b, people, database } = pair;
  const people8 = () => Promise.all(Array.from({ length: SIZE }, () => people.person()));
  const [refreshed, ended, idle] = [await people8(), await people8(), await people8()];
  const { now: restoredTo } = await database.pool.one(sql<{ now: Date }>`select now() as now`);
  await withOwner(pair, SAVE);
  const moved = await Promise.all(
    refreshed.map(async (person, index) => {
      const first = await refresh(both(pair, index), person);
      return (await refresh(both(pair, index + 1), first.tokens)).tokens;
    }),
  );
  const fresh = await people8();
  const endedFresh = await people8();
  const logouts = [...ended, ...endedFresh].map(({ refreshToken }, index) =>
    both(pair, index).call('logout', { body: { refreshToken } }),
  );
  assert.ok((await Promise.all(logouts)).every(({ status }) => status === 204));
  await withOwner(pair, RESTORE);

  const ahead = [...moved, ...fresh];
  const early = await each(ahead, async (tokens, index) => (await refresh(both(pair, index), tokens)).code);
  assert.deepEqual(
    early,
    ['503 recovery_pending'],
    'until the restore is on record nobody is refused for good',
  );
  const lookups = await each(fresh, async ({ accessToken }) => {
    const answer = await a.call('getMe', { token: accessToken });
    return `${answer.status} ${JSON.parse(answer.body).code}`;
  });
  assert.deepEqual(lookups, ['401 token_expired'], 'a session that the database lost is not called ended');

  const journals = await Promise.all([a, b].map(({ home }) => readJournal(journalPath(home))));
  const owner = await connect({ url: database.ownerUrl });
  const { now: restoredAt } = await owner.one(sql<{ now: Date }>`select now() as now`);
  const entries = journals.flatMap(journal => journal.entries);
  await recordRestore(owner, { restoredTo, restoredAt, note: 'test' }, entries);
  await owner.close();

  const adopted = await each([...ahead, ...idle], async (tokens, index) => {
    const { code, tokens: next } = await refresh(both(pair, index), tokens);
    const me = await both(pair, index + 1).call('getMe', { token: next.accessToken });
    return `${code}, ${me.status}`;
  });
  assert.deepEqual(adopted, ['200, 200']);
  const refused = await each([...ended, ...endedFresh], async (tokens, index) => {
    return (await refresh(both(pair, index), tokens)).code;
  });
  assert.deepEqual(refused, ['401 session_revoked']);
});

test('a session that a restore has lost can be logged out, and does not come back by another of its tokens', async t => {
  const pair = await startPair(t, { HOLDFAST_REFRESH_GRACE: '0ms' });
  const person = await pair.people.person();
  const { tokens } = await refresh(pair.a, person);
  const { now: restoredAt } = await pair.database.pool.one(sql<{ now: Date }>`select now() as now`);
  await withOwner(pair, `delete from sessions where id = '${person.sessionId}'`);
  const bearer = await pair.b.call('logout', { token: tokens.accessToken });
  assert.equal(JSON.parse(bearer.body).code, 'token_expired', 'only the refresh token can tell enough');
  const owner = await connect({ url: pair.database.ownerUrl });
  const restoredTo = new Date(restoredAt.getTime() - 60_000);
  await recordRestore(owner, { restoredTo, restoredAt, note: '' }, []);
  await owner.close();
  const logout = await pair.b.call('logout', { body: { refreshToken: person.refreshToken } });
  assert.equal(logout.status, 204, logout.body);
  for (const at of [pair.a, pair.b]) assert.equal((await refresh(at, tokens)).code, '401 session_revoked');
  const { entries } = await readJournal(journalPath(pair.b.home));
  assert.deepEqual(
    entries.map(({ sessionId }) => sessionId),
    [person.sessionId],
  );
});
