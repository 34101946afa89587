import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { connect as connectSocket } from 'node:net';
import { test } from 'node:test';
import { createPasswordHasher, recordRestore, SYSTEM_ACTOR } from '@holdfast/auth';
import { type OperationId, openApiDocument, operations } from '@holdfast/contract';
import { type ErrorCode, HoldfastError } from '@holdfast/core';
import { connect, createPool, type Pool, sql } from '@holdfast/postgres';
import { eventually, type TestDatabase, testDatabase } from '@holdfast/testing';
import { type BadTokens, BODY_LIMIT, spoil } from './support/common-failures.ts';
import { createConformance, type SeenResponse } from './support/conformance.ts';
import { databaseProxy } from './support/database-proxy.ts';
import { endingSample } from './support/ending-samples.ts';
import { asOwner, particularFailures } from './support/particular-failures.ts';
import { call, requestOf, type Sample } from './support/requests.ts';
import { type TestApp, testApp } from './support/test-app.ts';
import { validSamples } from './support/valid-samples.ts';
import { createWorld, type World } from './support/world.ts';

const IDS = Object.keys(operations) as OperationId[];
const document = openApiDocument(operations, { version: 'test', serverUrl: '/' });
const conformance = createConformance(document);
/** For pools that must get all of their connections, however busy the machine is. */
const PATIENT = { acquireTimeoutMs: 20_000, connectTimeoutMs: 20_000 };
const VALUES = { HOLDFAST_BODY_LIMIT: String(BODY_LIMIT), HOLDFAST_REFRESH_GRACE: '0ms' };

function withCode(code: ErrorCode): OperationId[] {
  return IDS.filter(id => (operations[id].errors as readonly ErrorCode[]).includes(code));
}

async function badTokens({ app, people, pool, plain }: World): Promise<BadTokens> {
  const { userId, sessionId } = plain;
  const subject = { userId, sessionId, clientId: 'test', roles: [], amr: ['pwd'] };
  const expired = await people.accessTokens.issue(subject, Date.now() - 86_400_000);
  const gone = await people.person();
  await people.revoke(pool, { sessionId: gone.sessionId }, { reason: 'logout', actor: SYSTEM_ACTOR });
  await eventually(async () => {
    const { status } = await call(app, 'listMySessions', { token: gone.accessToken });
    return status === 401;
  });
  return { expired: expired.token, revoked: gone.accessToken, plain: plain.accessToken };
}

/** Asks every operation that documents a code, all at once, through an app in which the code is to be expected. */
async function expectEverywhere(
  code: ErrorCode,
  status: number,
  { app }: TestApp,
  world: World,
): Promise<void> {
  const prepared = await Promise.all(
    withCode(code).map(async id => [id, await validSamples[id](world)] as const),
  );
  await Promise.all(
    prepared.map(async ([id, sample]) => conformance.expect(id, await call(app, id, sample), status, code)),
  );
}

test('every documented response is really given, and conforms', { timeout: 300_000 }, async t => {
  const main = await testApp(t, { values: VALUES });
  const world = await createWorld(main);
  const { app, keyring, database } = main;
  /** Another app of the same system, with something wrong. */
  const otherApp = (pool: Pool, other: TestDatabase = database) =>
    testApp(t, { values: VALUES, keyring, database: other, pool });
  const poolFor = (url: string, options: Partial<Parameters<typeof createPool>[0]>): Pool => {
    const pool = createPool({ max: 4, ...options, url });
    t.after(() => pool.close());
    return pool;
  };

  for (const id of IDS) {
    await t.test(`${id} succeeds`, async () => {
      const [status] = Object.keys(operations[id].responses);
      conformance.expect(id, await call(app, id, await validSamples[id](world)), Number(status));
    });
  }

  const tokens = await badTokens(world);
  for (const id of IDS) {
    await t.test(`${id} refuses`, async () => {
      for (const code of operations[id].errors as readonly ErrorCode[]) {
        const particular = particularFailures[`${id} ${code}`];
        const sample = particular
          ? await particular(world)
          : spoil(id, code, await validSamples[id](world), tokens);
        if (sample === undefined) continue;
        const response = await call(app, id, sample);
        conformance.expect(id, response, statusOf(id, code), code);
      }
    });
  }

  await t.test('overloaded: all places for password hashes are taken', async () => {
    const hasher = createPasswordHasher({ concurrency: 1, maxWaiting: 0 });
    const busy = await testApp(t, { values: VALUES, keyring, database, hasher });
    let stop = false;
    const work = (async () => {
      while (!stop) await hasher.hash('keeping busy');
    })();
    for (const id of withCode('overloaded')) {
      const sample =
        id === 'patchUser' || id === 'createUser'
          ? await withPassword(id, world)
          : await validSamples[id](world);
      conformance.expect(id, await call(busy.app, id, sample), 503, 'overloaded');
    }
    stop = true;
    await work;
  });

  await t.test('journal_unavailable: the revocation journal cannot be written', async () => {
    const append = () => Promise.reject(new HoldfastError('journal_unavailable', 'full', { retryAfter: 5 }));
    const values = { ...VALUES, HOLDFAST_SESSION_LIMIT: '1' };
    const full = await testApp(t, { values, keyring, database, append });
    for (const id of withCode('journal_unavailable')) {
      conformance.expect(
        id,
        await call(full.app, id, await endingSample(id, world)),
        503,
        'journal_unavailable',
      );
    }
  });

  await t.test('a restored database that does not know the session', async () => {
    const { people } = world;
    const lost = await people.person();
    const gone = await people.person();
    await asOwner(world, sql`delete from sessions where id = ${lost.sessionId}`);
    await asOwner(world, sql`delete from users where id = ${gone.userId}`);
    const owner = await connect({ url: database.ownerUrl });
    const restoredTo = new Date(Date.now() - 60_000);
    await recordRestore(owner, { restoredTo, restoredAt: new Date(Date.now() + 60_000), note: '' }, []);
    await owner.close();
    const strict = await testApp(t, {
      values: { ...VALUES, HOLDFAST_RECOVERY: 'strict' },
      keyring,
      database,
    });
    const refused = await call(strict.app, 'refresh', { body: { refreshToken: lost.refreshToken } });
    conformance.expect('refresh', refused, 401, 'session_not_restored');
    const unknown = await call(app, 'refresh', { body: { refreshToken: gone.refreshToken } });
    conformance.expect('refresh', unknown, 401, 'account_not_in_restored_database');
  });

  await t.test('request_timeout: the body does not arrive', async () => {
    const slow = await testApp(t, {
      keyring,
      database,
      timeouts: { headersMs: 300, requestMs: 300, checkMs: 50 },
    });
    await slow.app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = slow.app.server.address() as AddressInfo;
    await Promise.all(
      withCode('request_timeout').map(async id => {
        const response = await sendHalf(port, id, await validSamples[id](world));
        conformance.expect(id, response, 408, 'request_timeout');
      }),
    );
  });

  await t.test('database_unavailable, and not ready: the password is wrong', async () => {
    const url = new URL(database.url);
    url.password = 'wrong';
    const pool = poolFor(url.href, {});
    const cut = await otherApp(pool);
    await expectEverywhere('database_unavailable', 503, cut, world);
    conformance.expect('getReadiness', await call(cut.app, 'getReadiness'), 503, 'not_ready');
  });

  await t.test('database_timeout: the database is frozen', async () => {
    const proxy = await databaseProxy(t, database.url);
    const pool = poolFor(proxy.url, { max: IDS.length + 10, statementTimeoutMs: 500, ...PATIENT });
    const frozen = await otherApp(pool);
    // a connection for everybody, so that nobody waits for one that cannot be made
    await Promise.all(Array.from({ length: IDS.length + 10 }, () => pool.query(sql`select pg_sleep(0.2)`)));
    proxy.freeze();
    await expectEverywhere('database_timeout', 503, frozen, world);
  });

  await t.test('47: pool_exhausted: the only connection is taken and nobody may wait', async () => {
    const pool = poolFor(database.url, { max: 1, maxWaiting: 0 });
    const starved = await otherApp(pool);
    const taken = Promise.withResolvers<void>();
    const done = Promise.withResolvers<void>();
    // the only connection may be in use for a moment by what runs in the background
    const holding = eventually(
      () =>
        pool
          .connection(() => {
            taken.resolve();
            return done.promise;
          })
          .then(() => true),
      { timeoutMs: 60_000 },
    );
    await taken.promise;
    await expectEverywhere('pool_exhausted', 503, starved, world);
    done.resolve();
    await holding;
  });

  await t.test('commit_unknown: the connection breaks during the commit', async () => {
    const proxy = await databaseProxy(t, database.url);
    const broken = await otherApp(poolFor(proxy.url, {}));
    proxy.breakAtCommit();
    await expectEverywhere('commit_unknown', 503, broken, world);
  });

  await t.test('schema_mismatch: the tables are not where they should be', async () => {
    const other = await testDatabase(t);
    const owner = await connect({ url: other.ownerUrl });
    await owner.script('alter schema public rename to elsewhere');
    await owner.close();
    const lost = await otherApp(other.pool, other);
    await expectEverywhere('schema_mismatch', 500, lost, world);
    const ready = await call(lost.app, 'getReadiness');
    conformance.expect('getReadiness', ready, 503, 'not_ready');
    assert.match(ready.body, /Missing or out of reach: audit_log, /);
    assert.ok(lost.log.text().includes('relation \\"'), 'the log names the missing table');
  });

  await t.test('nothing that is documented was left out', () => {
    const promised = IDS.flatMap(id => [
      ...Object.keys(operations[id].responses).map(status => `${id} ${status}`),
      ...(operations[id].errors as readonly ErrorCode[]).map(code => `${id} ${statusOf(id, code)} ${code}`),
    ]);
    assert.deepEqual(
      promised.filter(promise => !conformance.seen.has(promise)),
      [],
    );
  });
});

function statusOf(id: OperationId, code: ErrorCode): number {
  const paths = document.paths as Record<string, Record<string, { responses: Record<string, unknown> }>>;
  const { path, method } = operations[id];
  const responses = Object.entries(paths[path]?.[method.toLowerCase()]?.responses ?? {});
  const found = responses.find(([, response]) => JSON.stringify(response).includes(`"${code}"`));
  return Number(found?.[0]);
}

async function withPassword(id: 'patchUser' | 'createUser', world: World): Promise<Sample> {
  const sample = await validSamples[id](world);
  return { ...sample, body: { ...(sample.body as object), password: 'a passphrase that takes a hash' } };
}

/** Sends the head of a request and half of its body, and waits for what comes. */
async function sendHalf(port: number, id: OperationId, sample: Sample): Promise<SeenResponse> {
  const { method, url, headers, body } = requestOf(id, {
    ...sample,
    body: sample.body ?? { refreshToken: 'x' },
  });
  const text = body ?? '';
  const lines = Object.entries({ host: 'test', ...headers, 'content-length': String(text.length) });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const socket = connectSocket(port, '127.0.0.1');
  socket.write(`${method} ${url} HTTP/1.1\r\n${head}\r\n${text.slice(0, text.length / 2)}`);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  const [answerHead = '', answerBody = ''] = Buffer.concat(chunks).toString().split('\r\n\r\n');
  const [statusLine = '', ...headerLines] = answerHead.split('\r\n');
  const answerHeaders = headerLines.map(line => line.split(': ') as [string, string]);
  return {
    status: Number(statusLine.split(' ')[1]),
    headers: Object.fromEntries(answerHeaders.map(([name, value]) => [name.toLowerCase(), value])),
    body: answerBody,
  };
}
