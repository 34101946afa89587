import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { foreignProject } from './foreign-project.ts';
import { runHoldfast } from './run-command-line.ts';

describe('exit statuses of holdfast migrate', { timeout: 120_000 }, () => {
  it('2 for a directory that is not there, 2 for lint and 0 for status of an empty one', async t => {
    const project = await foreignProject(t);
    const url = ['--database-url', project.url];
    for (const verb of ['lint', 'status', 'plan', 'up']) {
      const missing = await runHoldfast([
        ...url,
        'migrate',
        verb,
        '--migrations',
        join(project.dir, 'nosuch'),
      ]);
      assert.equal(missing.code, 2, verb);
      assert.match(missing.stderr, /The migrations directory \S+nosuch cannot be read/);
    }
    const empty = join(project.dir, 'empty');
    await mkdir(empty);
    for (const verb of ['lint', 'plan', 'up']) {
      const { code, stderr } = await runHoldfast([...url, 'migrate', verb, '--migrations', empty]);
      assert.equal(code, 2, verb);
      assert.match(stderr, /There is no migration in \S+empty\. Is it the right directory\?/);
    }
    const status = await runHoldfast([...url, 'migrate', 'status', '--migrations', empty]);
    assert.deepEqual(
      [status.code, status.stdout],
      [0, `There is no migration in ${empty}, and none is applied: nothing to do.\n`],
    );
    await project.write('0001_a.sql', '-- migrate:up\ncreate table a ();\n');
    await project.migrate('up');
    assert.equal((await runHoldfast([...url, 'migrate', 'status', '--migrations', empty])).code, 1);
  });

  it('2 for a schema that there is not, with the one that was meant', async t => {
    const project = await foreignProject(t);
    await project.write('0001_a.sql', '-- migrate:up\ncreate table a ();\n');
    for (const verb of ['up', 'status', 'plan']) {
      const { code, stderr } = await project.migrate(verb, '--schema', 'pulbic');
      assert.equal(code, 2, verb);
      assert.match(stderr, /There is no schema pulbic, .* Did you mean public\?/);
    }
  });

  it('3 with the role, the database and what to type, where the server refuses the connection', async t => {
    const project = await foreignProject(t);
    const url = new URL(project.url);
    const at = async (change: (changed: URL) => void): Promise<string> => {
      const changed = new URL(url);
      change(changed);
      const args = ['--database-url', changed.href, 'migrate', 'status', '--migrations', project.dir];
      const { code, stderr } = await runHoldfast(args);
      assert.equal(code, 3);
      return stderr;
    };
    assert.match(
      await at(changed => {
        changed.pathname = '/No such';
      }),
      /There is no database "No such" at \S+\. Correct the URL, or .* run: create database "No such" \(the server said: /,
    );
    assert.match(
      await at(changed => {
        changed.username = 'nobody_here';
      }),
      /The (password of the )?role nobody_here .* Correct the URL, or as a superuser run: (create|alter) role nobody_here/,
    );
  });
});
