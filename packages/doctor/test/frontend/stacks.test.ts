import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { FINDING_CODES, type FrontendMap, mapFrontend, readApiDocument } from '@holdfast/doctor/frontend';
import { inTree } from './fixture.ts';

const STACKS = ['react', 'vue', 'svelte', 'fetch', 'axios', 'ky', 'generated'];

const GARDEN = JSON.stringify({
  openapi: '3.1.0',
  info: { title: 'garden', version: '1' },
  servers: [{ url: 'https://garden.example/api' }],
  paths: {
    '/auth/login': { post: {} },
    '/auth/refresh': { post: {} },
    '/plants': { get: {} },
    '/plants/{id}': { get: {}, put: {}, delete: {} },
    '/reports': { get: {} },
    '/reports/{year}': { get: {} },
  },
});

/** A line that takes the place of the one before it, and what must be found then. */
interface Defect {
  readonly code: string;
  readonly at: string;
  readonly file: string;
  readonly index: number;
  readonly text: string;
}

interface StackProgram {
  readonly files: ReadonlyMap<string, readonly string[]>;
  readonly defects: readonly Defect[];
  readonly expected: readonly string[];
}

/** A program in which everything is right; `~code[@file:line] text` below a line is that line with a defect. */
async function readStack(name: string): Promise<StackProgram> {
  const text = await readFile(join(import.meta.dirname, 'stacks', `${name}.txt`), 'utf8');
  const [, ...parts] = text.split(/^== /m);
  const files = new Map<string, string[]>();
  const defects: Defect[] = [];
  for (const part of parts) {
    const [file = '', ...lines] = part.trimEnd().split('\n');
    const kept: string[] = [];
    for (const line of lines) {
      const [, code, at, changed = ''] = /^~(\w+)(?:@(\S+))? (.*)$/.exec(line) ?? [];
      const index = kept.length - 1;
      if (code === undefined) kept.push(line);
      else defects.push({ code, at: at ?? `${file}:${index + 1}`, file, index, text: changed });
    }
    files.set(file, kept);
  }
  const expected = files.get('expected') ?? [];
  files.delete('expected');
  return { files, defects, expected };
}

async function mapProgram({ files }: Pick<StackProgram, 'files'>): Promise<FrontendMap> {
  const texts = new Map([...files].map(([path, lines]) => [path, `${lines.join('\n')}\n`]));
  return inTree(texts.set('openapi.json', GARDEN), async root =>
    mapFrontend(root, { api: await readApiDocument(join(root, 'openapi.json')) }),
  );
}

function withDefect({ files }: StackProgram, { file, index, text }: Defect): Pick<StackProgram, 'files'> {
  return { files: new Map(files).set(file, (files.get(file) ?? []).with(index, text)) };
}

/** Without the places: each call once. */
function callsOf({ calls, comparison }: FrontendMap): string[] {
  const lines = calls.map(
    ({ method, path, known, thirdParty }) =>
      `call ${method ?? '?'} ${path ?? `dynamic ${known}`}${thirdParty ? ' (third party)' : ''}`,
  );
  const never = comparison?.neverCalled.map(operation => `never called ${operation}`) ?? [];
  return [...new Set([...lines, ...never])].toSorted();
}

const findingsOf = ({ findings }: FrontendMap) =>
  findings.map(({ code, file, line }) => `${code} ${file}:${line}`);

for (const name of STACKS) {
  describe(`a frontend with ${name}`, async () => {
    const stack = await readStack(name);

    it('sound, with optional segments, comments and hosts of others: every call, and no defect', async () => {
      const map = await mapProgram(stack);
      assert.deepEqual(callsOf(map), stack.expected.toSorted());
      assert.deepEqual(findingsOf(map), []);
    });

    for (const defect of stack.defects) {
      it(`with ${defect.code} at ${defect.file}:${defect.index + 1}: that, and nothing else`, async () => {
        assert.deepEqual(findingsOf(await mapProgram(withDefect(stack, defect))), [
          `${defect.code} ${defect.at}`,
        ]);
      });
    }
  });
}

/** What a library cannot have: ky, ofetch and generated clients look at the status themselves, and so on. */
it('every defect is in one stack at least, and the common ones in all of them', async () => {
  const found = await Promise.all(
    STACKS.map(async name => new Set((await readStack(name)).defects.map(({ code }) => code))),
  );
  const everywhere = [
    'base_url_unset',
    'base_urls_disagree',
    'raw_client_bypasses_interceptor',
    'null_bearer_token',
  ];
  const also = ['refresh_without_single_flight', 'retry_without_cap', 'forbidden_treated_as_unauthorized'];
  const last = ['logout_on_trouble', 'unguarded_error_response', 'unknown_operation', 'wrong_method'];
  for (const code of [...everywhere, ...also, ...last, 'trailing_slash', 'token_in_local_storage']) {
    const without = STACKS.filter((_, index) => found[index]?.has(code) !== true);
    assert.deepEqual(without, [], code);
  }
  const all = new Set(found.flatMap(codes => [...codes]));
  assert.deepEqual(
    FINDING_CODES.filter(code => !all.has(code) && code !== 'html_parsed_as_json'),
    [],
  );
});
