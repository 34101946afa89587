import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { FINDING_CODES, type FrontendMap, mapFrontend, readApiDocument } from '@holdfast/doctor/frontend';
import { fixtureExpectation, fixtureFiles, inTree } from './fixture.ts';

const FIXTURES = [
  'react-axios',
  'vue-ofetch',
  'svelte-fetch',
  'plain-fetch',
  'ky-app',
  'generated',
  'sound',
  'next-monorepo',
  'petstore-clients',
  'angular-http',
  'component-templates',
];

/** One line for each call, finding, token store, interceptor and operation that nobody calls. */
function linesOf(map: FrontendMap): string[] {
  return [
    ...map.calls.map(({ method, path, known, base, thirdParty, file, line }) => {
      const to = path ?? `dynamic ${known}`;
      const where = base.value === '' ? '' : ` @${base.value}`;
      return `call ${method ?? '?'} ${to}${where}${thirdParty ? ' (third party)' : ''} ${file}:${line}`;
    }),
    ...map.findings.map(({ code, file, line }) => `finding ${code} ${file}:${line}`),
    ...map.tokenStorage.map(({ storage, key, file, line }) => `token ${storage} ${key} ${file}:${line}`),
    ...map.interceptors.map(
      ({ kind, library, file, line }) => `interceptor ${kind} ${library} ${file}:${line}`,
    ),
    ...(map.comparison?.neverCalled.map(operation => `never called ${operation}`) ?? []),
  ].sort();
}

async function mapFixture(name: string): Promise<FrontendMap> {
  const files = await fixtureFiles(name);
  return inTree(files, async root => {
    const api = files.has('openapi.json') ? await readApiDocument(join(root, 'openapi.json')) : undefined;
    return mapFrontend(root, api === undefined ? {} : { api });
  });
}

describe('the frontend map of small programs', () => {
  for (const name of FIXTURES) {
    it(`finds all that is in ${name}, and nothing else`, async () => {
      const expected = await fixtureExpectation(name);
      assert.deepEqual(linesOf(await mapFixture(name)), [...expected].sort());
    });
  }

  it('has every defect in some fixture', async () => {
    const expected = (await Promise.all(FIXTURES.map(fixtureExpectation))).flat();
    const missing = FINDING_CODES.filter(code => !expected.some(line => line.startsWith(`finding ${code} `)));
    assert.deepEqual(missing, []);
  });
});

it('tells this machine from the API whichever file comes first, when both are called alike', async () => {
  const call = (base: string, path: string) => `export const get = () => fetch('${base}${path}');\n`;
  const [local, api] = [call('http://localhost:3000', '/users'), call('https://api.example.com', '/orders')];
  for (const [first, second, file] of [
    [local, api, 'src/a.ts'],
    [api, local, 'src/b.ts'],
  ] as const) {
    const files = new Map([
      ['src/a.ts', first],
      ['src/b.ts', second],
    ]);
    const { findings } = await inTree(files, root => mapFrontend(root));
    assert.deepEqual(
      findings.map(({ code, file: place }) => `${code} ${place}`),
      [`base_urls_disagree ${file}`],
    );
  }
});
