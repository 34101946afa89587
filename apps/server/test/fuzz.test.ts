import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type OperationId, openApiDocument, operations } from '@holdfast/contract';
import { newId } from '@holdfast/core';
import * as fc from 'fast-check';
import { type Conformance, createConformance } from './support/conformance.ts';
import { fuzzRequests, fuzzSeed } from './support/env.ts';
import { type FuzzRequest, fuzzRequest } from './support/fuzz-requests.ts';
import { basicAuthorization } from './support/oauth-client.ts';
import { type PlainRequest, requestOf, send } from './support/requests.ts';
import { testApp } from './support/test-app.ts';
import { createWorld, type World } from './support/world.ts';

const IDS = Object.keys(operations) as OperationId[];
const CHUNKS = 4;
const PARALLEL = 16;
const BATCHES_PER_CAST = 4;
const seed = fuzzSeed();

/** Callers and things to name, replaced now and then since the requests use them up. */
interface Cast {
  readonly tokens: Readonly<Record<FuzzRequest['caller'], string | undefined>>;
  readonly known: Readonly<Record<string, readonly string[]>>;
  readonly refreshToken: string;
  readonly email: string;
}

async function castOf(world: World): Promise<Cast> {
  const { people } = world;
  const [admin, user, victim] = await Promise.all([
    people.person(['admin', 'user']),
    people.person(),
    people.person(),
  ]);
  const [role, permission] = await Promise.all([world.role(), world.permission()]);
  return {
    tokens: { admin: admin.accessToken, user: user.accessToken, nobody: undefined, garbage: 'e30.e30.e30' },
    known: {
      userId: [victim.userId, user.userId, admin.userId],
      sessionId: [victim.sessionId, user.sessionId],
      roleId: [role.id, world.adminRole, world.userRole],
      permissionId: [permission.id, world.builtInPermission],
    },
    refreshToken: victim.refreshToken,
    email: victim.email,
  };
}

function concrete(request: FuzzRequest, cast: Cast): PlainRequest {
  const { operationId, caller, query, contentType, headers, method } = request;
  const names = [...operations[operationId].path.matchAll(/\{(\w+)\}/g)].map(match => match[1] ?? '');
  const params = Object.fromEntries(names.map((name, index) => [name, idFor(name, request, index, cast)]));
  const plain = requestOf(operationId, {
    params,
    query: Object.fromEntries(query),
    token: cast.tokens[caller],
    headers,
  });
  const typed: Record<string, string> = contentType === undefined ? {} : { 'content-type': contentType };
  const body =
    method === 'GET' || method === 'HEAD' || plain.method === 'GET' ? undefined : fill(request.body, cast);
  return {
    ...plain,
    method: method ?? plain.method,
    headers: { ...plain.headers, ...credentialsOf(request), ...(body === undefined ? {} : typed) },
    body,
  };
}

/** Where a client authenticates instead of a person, the callers with rights stand for the client. */
function credentialsOf({ operationId, caller }: FuzzRequest): Record<string, string> {
  const byClient = 'authentication' in operations[operationId];
  if (!byClient || (caller !== 'admin' && caller !== 'user')) return {};
  return { authorization: basicAuthorization() };
}

/** Puts what is known only now in the places that the generator left for it. */
function fill(body: string | undefined, { tokens, refreshToken, email }: Cast): string | undefined {
  return body
    ?.replaceAll('@fresh@', () => newId().replaceAll('-', ''))
    .replaceAll('@email@', email)
    .replaceAll('@refreshToken@', refreshToken)
    .replaceAll('@accessToken@', tokens.user ?? '');
}

function idFor(name: string, { ids }: FuzzRequest, index: number, { known }: Cast): string {
  const { source, pick, text } = ids[index] ?? { source: 'unknown', pick: 0, text: '' };
  const candidates = known[name] ?? [];
  if (source === 'known') return candidates[pick % candidates.length] ?? newId();
  // an empty segment is another path
  return source === 'unknown' || text === '' ? newId() : text.toWellFormed().replaceAll('%', '%25');
}

/** How often each operation was answered with each class of status. */
type Tally = Map<string, number>;

/** What is wrong with the answer to a request; undefined when nothing is. */
async function ask(
  { world, conformance, tally }: Fuzz,
  fuzz: FuzzRequest,
  cast: Cast,
): Promise<string | undefined> {
  const request = concrete(fuzz, cast);
  const response = await send(world.app, request);
  const describe = (problem: string): string =>
    `${problem}\nrequest: ${JSON.stringify(request)}\nresponse: ${response.status} ${response.body.slice(0, 1_000)}`;
  if (response.status >= 500) return describe('a failure of the server');
  if (request.method !== operations[fuzz.operationId].method) {
    return OTHER_METHOD.has(response.status) ? undefined : describe('unusual for this method');
  }
  const key = `${fuzz.operationId} ${String(response.status)[0]}xx`;
  tally.set(key, (tally.get(key) ?? 0) + 1);
  const problem = conformance.problemOf(fuzz.operationId, response);
  return problem === undefined ? undefined : describe(problem);
}

/** What a path answers under a method drawn at random, which may or may not be one of its own. */
const OTHER_METHOD: ReadonlySet<number> = new Set([200, 201, 204, 400, 401, 403, 404, 405, 409, 413, 415]);

interface Fuzz {
  readonly world: World;
  readonly conformance: Conformance;
  readonly tally: Tally;
}

async function runChunk(fuzz: Fuzz, chunk: number, count: number): Promise<void> {
  const arbitrary = fc.constantFrom(...IDS).chain(fuzzRequest);
  const requests = fc.sample(arbitrary, { seed: seed + chunk, numRuns: count });
  let cast = await castOf(fuzz.world);
  for (let start = 0; start < requests.length; start += PARALLEL) {
    if (start % (PARALLEL * BATCHES_PER_CAST) === 0) cast = await castOf(fuzz.world);
    const batch = requests.slice(start, start + PARALLEL);
    const problems = await Promise.all(batch.map(request => ask(fuzz, request, cast)));
    const problem = problems.find(found => found !== undefined);
    if (problem !== undefined) assert.fail(`seed ${seed}: ${problem}`);
  }
}

test('no request makes the server fail, and every answer conforms', { timeout: 600_000 }, async t => {
  const world = await createWorld(await testApp(t, { values: { HOLDFAST_LOG_LEVEL: 'error' } }));
  const conformance = createConformance(openApiDocument(operations, { version: 'test', serverUrl: '/' }));
  const tally: Tally = new Map();
  const count = Math.ceil(fuzzRequests() / CHUNKS);
  t.diagnostic(`${count * CHUNKS} requests; HOLDFAST_FUZZ_SEED=${seed} repeats them`);
  for (let chunk = 0; chunk < CHUNKS; chunk += 1) {
    await t.test(`chunk ${chunk + 1} of ${CHUNKS}, seed ${seed + chunk}`, () =>
      runChunk({ world, conformance, tally }, chunk, count),
    );
  }
  if (count * CHUNKS >= 10_000) {
    const never = IDS.filter(id => !tally.has(`${id} 2xx`));
    assert.deepEqual(never, [], 'every operation succeeded at least once');
  }
  assert.equal(world.log.text(), '', 'nothing was logged as an error');
});
