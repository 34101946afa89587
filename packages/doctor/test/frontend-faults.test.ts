import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseSettings } from '@holdfast/core';
import { type Diagnosis, examine, exitCode, renderDiagnosis, resolveTarget } from '../src/index.ts';
import { assertSchema } from './assert-schema.ts';
import { inTree } from './frontend/fixture.ts';

const OPENAPI = JSON.stringify({
  openapi: '3.1.0',
  info: { title: 'garden', version: '1' },
  servers: [{ url: 'https://garden.example/api' }],
  paths: { '/plants': { get: {} }, '/plants/{id}': { put: {} }, '/auth/refresh': { post: {} } },
});

const HTTP = `import axios from 'axios';

export const http = axios.create({ baseURL: import.meta.env.VITE_API, withCredentials: true });
let running: Promise<void> | undefined;

export function refresh() {
  running ??= axios.post(\`\${import.meta.env.VITE_API}/auth/refresh\`, null, { withCredentials: true }).then(() => {}).finally(() => { running = undefined; });
  return running;
}

http.interceptors.response.use(undefined, async error => {
  if (error.response?.status === 403) throw error;
  if (error.response?.status !== 401 || error.config.retried) throw error;
  error.config.retried = true;
  await refresh();
  return http(error.config);
});
`;

const PLANTS = `import { http } from './http';

export const list = () => http.get('/plants');
export const water = (id: string) => http.put(\`/plants/\${id}\`, {});

export async function guarded() {
  try {
    return await list();
  } catch (error) {
    if (error.response?.status === 404) return [];
    throw error;
  }
}
`;

const SOUND: ReadonlyMap<string, string> = new Map([
  ['openapi.json', OPENAPI],
  ['.env.production', 'VITE_API=https://garden.example/api\n'],
  ['src/http.ts', HTTP],
  ['src/plants.ts', PLANTS],
]);

interface SourceFault {
  readonly code: string;
  readonly at: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** What somebody changes, and the place that must be named for it. */
const FAULTS: readonly SourceFault[] = [
  {
    code: 'frontend_base_url_unset',
    at: 'src/http.ts:7',
    file: '.env.production',
    from: 'VITE_API=https://garden.example/api\n',
    to: 'VITE_APU=https://garden.example/api\n',
  },
  {
    code: 'frontend_bypasses_client',
    at: 'src/plants.ts:3',
    file: 'src/plants.ts',
    from: "http.get('/plants')",
    to: "fetch('https://garden.example/api/plants', { credentials: 'include' })",
  },
  {
    code: 'frontend_unguarded_error',
    at: 'src/plants.ts:10',
    file: 'src/plants.ts',
    from: 'error.response?.status === 404',
    to: 'error.response.status === 404',
  },
  {
    code: 'frontend_calls_missing_operation',
    at: 'src/plants.ts:3',
    file: 'src/plants.ts',
    from: "http.get('/plants')",
    to: "http.get('/trees')",
  },
  {
    code: 'frontend_forbidden_as_unauthorized',
    at: 'src/http.ts:12',
    file: 'src/http.ts',
    from: 'if (error.response?.status === 403) throw error;',
    to: "if (error.response?.status === 403) location.href = '/login';",
  },
  {
    code: 'frontend_outage_signs_out',
    at: 'src/plants.ts:10',
    file: 'src/plants.ts',
    from: 'if (error.response?.status === 404) return [];',
    to: 'if (!error.response) logout();',
  },
  {
    code: 'frontend_refresh_storm',
    at: 'src/http.ts:7',
    file: 'src/http.ts',
    from: 'running ??=',
    to: 'const running =',
  },
  {
    code: 'frontend_retry_storm',
    at: 'src/http.ts:16',
    file: 'src/http.ts',
    from: ' || error.config.retried) throw error;\n  error.config.retried = true;',
    to: ') throw error;\n',
  },
  {
    code: 'frontend_stale_socket_token',
    at: 'src/plants.ts:14',
    file: 'src/plants.ts',
    from: '    throw error;\n  }\n}\n',
    to: "    throw error;\n  }\n}\nexport const live = (token: string) => new WebSocket('wss://garden.example/live', [token]);\n",
  },
  {
    code: 'frontend_credentials_missing',
    at: 'src/http.ts:7',
    file: 'src/http.ts',
    from: 'null, { withCredentials: true }',
    to: 'null',
  },
];

async function diagnoseTree(
  files: ReadonlyMap<string, string>,
  openApi = 'openapi.json',
): Promise<Diagnosis> {
  return inTree(files, async directory => {
    const frontend = { directory, openApi: join(directory, openApi) };
    return examine(await resolveTarget({ home: '/nowhere', settings: parseSettings([]), frontend }));
  });
}

function withFault(
  files: ReadonlyMap<string, string>,
  { file, from, to }: SourceFault,
): ReadonlyMap<string, string> {
  const text = files.get(file) ?? '';
  assert.ok(text.includes(from), `${file} has ${from}`);
  return new Map(files).set(file, text.replace(from, to));
}

describe('faults in the sources of a frontend', () => {
  it('are none in a sound one', async () => {
    const diagnosis = await diagnoseTree(SOUND);
    assert.deepEqual([diagnosis.rootCauses, diagnosis.unexplained, diagnosis.degraded], [[], [], []]);
    assert.deepEqual([diagnosis.status, exitCode(diagnosis)], ['healthy', 0]);
    assertSchema(diagnosis);
  });

  for (const fault of FAULTS) {
    it(`${fault.code}, and nothing else`, async () => {
      const diagnosis = await diagnoseTree(withFault(SOUND, fault));
      const causes = diagnosis.rootCauses.map(({ code, layer, subject }) => ({ code, layer, subject }));
      assert.deepEqual(causes, [{ code: fault.code, layer: 'frontend', subject: `source:${fault.at}` }]);
      assert.deepEqual([diagnosis.undecided, diagnosis.unexplained], [[], []]);
      assert.match(renderDiagnosis(diagnosis).split('\n')[0] ?? '', /^The frontend .+, at src\/\S+\.$/);
      assert.equal(exitCode(diagnosis), 1);
      assertSchema(diagnosis);
    });
  }

  it('are all named when there are many, whatever their number', async () => {
    const picked = FAULTS.filter(({ code }) =>
      /unguarded|forbidden|refresh_storm|retry|socket|missing_operation/.test(code),
    );
    const diagnosis = await diagnoseTree(picked.reduce(withFault, SOUND));
    assert.deepEqual(
      diagnosis.rootCauses.map(({ code }) => code).sort(),
      picked.map(({ code }) => code).sort(),
    );
    assert.deepEqual(diagnosis.unexplained, []);
  });

  it('are not examined rather than absent when the directory or the document cannot be read', async () => {
    const frontend = { directory: '/nowhere/at/all' };
    const target = await resolveTarget({ home: '/nowhere', settings: parseSettings([]), frontend });
    const missing = await examine(target);
    assert.deepEqual([missing.status, exitCode(missing)], ['not_examined', 3]);
    assert.match(missing.headline, /^Could not examine the sources of the frontend: There is no directory/);
    const unreadable = await diagnoseTree(SOUND, 'package.json');
    assert.deepEqual([unreadable.status, unreadable.rootCauses], ['not_examined', []]);
  });

  it('leaves the operations open without a document', async () => {
    const diagnosis = await inTree(SOUND, async directory => {
      const target = { home: '/nowhere', settings: parseSettings([]), frontend: { directory } };
      return examine(await resolveTarget(target));
    });
    assert.equal(diagnosis.status, 'healthy');
    assert.deepEqual(
      diagnosis.notExamined.map(({ check }) => check),
      ['frontend.operations'],
    );
  });
});
