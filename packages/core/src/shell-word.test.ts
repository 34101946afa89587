import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { shellWord } from './shell-word.ts';

const run = promisify(execFile);

test('a shell reads every text as the one word it was', async () => {
  assert.equal(shellWord('/srv/holdfast/keyring.json'), '/srv/holdfast/keyring.json');
  for (const text of ['/a b/c', "it's", '$(id)', '`id`;#', '', '*', '~'])
    assert.equal((await run('sh', ['-c', `printf %s ${shellWord(text)}`])).stdout, text);
});
