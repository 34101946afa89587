import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { CODEBOOK } from '../src/index.ts';

test('docs/doctor.md lists every fault with what shows it, and no other', async () => {
  const page = await readFile(new URL('../../../docs/doctor.md', import.meta.url), 'utf8');
  const listed = page.split('\n').filter(line => line.startsWith('| `'));
  const expected = CODEBOOK.map(({ code, subject, mustFail, repair }) => {
    const about = typeof subject === 'string' ? subject : subject.general;
    const seenBy = mustFail.map(pattern => pattern.replace('@$', '')).join(', ');
    const { risk } = repair({ subject: undefined, outcomes: () => [] });
    return `| \`${code}\` | ${about} | ${seenBy} | ${risk} |`;
  });
  assert.deepEqual(listed.toSorted(), expected.toSorted());
});
