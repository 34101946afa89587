import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { knowsRestrict, restrictPsql } from './restrict-psql.ts';

async function restricted(dump: string, size: number): Promise<string> {
  const bytes = Buffer.from(dump);
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
  const out = await text(Readable.from(pieces, { objectMode: false }).pipe(restrictPsql()));
  const [first = '', ...rest] = out.split('\n');
  assert.match(first, /^\\restrict [0-9a-f]{32}$/);
  return rest.join('\n');
}

const ROWS = "insert into t values ('\\restrict ä');\n".repeat(50);

describe('a script that psql may not run programs for', () => {
  for (const size of [1, 7, 1 << 16]) {
    test(`goes without the pair of pg_dump, in pieces of ${size}`, async () => {
      const dump = `--\n-- dump\n--\n\n\\restrict Key1\n\n${ROWS}-- complete\n--\n\n\\unrestrict Key1\n\n`;
      assert.equal(await restricted(dump, size), `--\n-- dump\n--\n\n\n\n${ROWS}-- complete\n--\n\n`);
    });

    test(`is as it was otherwise, in pieces of ${size}`, async () => {
      for (const dump of [
        '',
        'select 1',
        `${ROWS}\\restrict Key1\n\\unrestrict Key1\n`,
        `-- none\n${ROWS}\\unrestrict Key1`,
      ])
        assert.equal(await restricted(dump, size), dump);
    });

    test(`keeps an end that is not the last line, or not of its key, in pieces of ${size}`, async () => {
      for (const end of ['\\unrestrict Key2\n', '\\unrestrict Key1\nselect 1;\n', 'x\\unrestrict Key1\n'])
        assert.equal(await restricted(`\\restrict Key1\n${ROWS}${end}`, size), `\n${ROWS}${end}`);
    });
  }
});

test('the minor releases that can are known', () => {
  const versions: [number, number, boolean][] = [
    [15, 13, false],
    [15, 14, true],
    [17, 5, false],
    [18, 0, true],
    [12, 22, false],
  ];
  for (const [majorVersion, minorVersion, can] of versions)
    assert.equal(knowsRestrict({ majorVersion, minorVersion }), can, `${majorVersion}.${minorVersion}`);
});
