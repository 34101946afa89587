import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { commandNames } from '../src/commands/index.ts';
import { runHoldfast } from './run-command-line.ts';

const home = mkdtempSync(join(tmpdir(), 'holdfast-url-'));
after(() => rmSync(home, { recursive: true }));

/** What a command needs besides, to get as far as its database. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  import: ['users', '/dev/null', '--format', 'csv'],
  keys: ['list'],
  rollback: ['--to', '0'],
  'restore-epoch': ['--restored-to', '2026-01-01T00:00:00Z'],
};
/** These have no database. */
const WITHOUT = ['api', 'dependencies', 'frontend', 'help', 'logs', 'report'];

const MALFORMED = 'postgresql://me:hunter2%ff@127.0.0.1:1/shop';

for (const name of commandNames().filter(command => !WITHOUT.includes(command))) {
  test(`holdfast ${name} names the setting of a malformed URL, and what is wrong with it`, async () => {
    const command = [name, ...(ARGUMENTS[name] ?? []), '--home', home];
    const byVariable = await runHoldfast(command, { DATABASE_URL: MALFORMED });
    const byOption = await runHoldfast([...command, '--database-url', MALFORMED]);
    for (const [{ code, stdout, stderr }, origin] of [
      [byVariable, 'environment'],
      [byOption, 'command line'],
    ] as const) {
      assert.equal(code, 2, stdout + stderr);
      const problem = `DATABASE_URL has a password that is not percent-encoded UTF-8; a percent sign of its own is written %25 (from ${origin})`;
      assert.ok((stdout + stderr).includes(problem), stdout + stderr);
      assert.doesNotMatch(stdout + stderr, /hunter2|URI malformed/);
    }
  });
}
