import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { sql } from '@holdfast/postgres';
import { type Stack, startStack } from '@holdfast/testing';
import { runHoldfast, runHoldfastJson } from './run-command-line.ts';
import { runHoldfast as runChild } from './run-holdfast.ts';

interface Listed {
  readonly reports: readonly {
    readonly id: string;
    readonly causes: readonly string[];
    readonly directory: string;
  }[];
}

describe('reports of a running system', () => {
  let stack: Stack;
  let place: string;
  const home = () => ['--home', stack.home];
  const examine = (...more: readonly string[]) =>
    runChild(['doctor', ...home(), '--env-file', join(stack.home, 'stack.env'), '--report', place, ...more]);
  const newest = async (name: string) => {
    const { result } = await runHoldfastJson<Listed>(['report', 'list', ...home()]);
    return readFile(join(result.reports[0]?.directory ?? '', name), 'utf8');
  };

  before(async () => {
    stack = await startStack();
    place = await mkdtemp(join(tmpdir(), 'hf-cli-reports-'));
  });
  after(async () => {
    await stack.close();
    await rm(place, { recursive: true, force: true });
  });

  it('are none at first', async () => {
    const list = await runHoldfast(['report', 'list', ...home()]);
    assert.equal(list.code, 0);
    assert.match(list.stdout, /^There is no report yet\. Type\n {2}holdfast doctor --report reports /);
    const nowhere = await runHoldfast(['report', 'list', '--home', join(place, 'no-home')]);
    assert.deepEqual([nowhere.code, nowhere.stdout], [0, list.stdout]);
    const open = await runHoldfast(['report', 'open', ...home()]);
    assert.equal(open.code, 1);
    assert.match(
      open.stderr,
      /There is no report yet\. holdfast doctor --report .*\/reports\/doctor makes one/,
    );
  });

  it('of a healthy one hold what was read at the time', async () => {
    const { code, stdout, stderr } = await examine('--json');
    assert.equal(code, 0, stderr);
    assert.match(JSON.parse(stdout).status, /^(?:healthy|degraded)$/);
    assert.match(stderr, /^report: .*\/report\.html$/m);
    const database = await newest('database-health.md');
    assert.match(database, /\| PostgreSQL \| 18\.\d+ \|/);
    assert.match(database, /\| public\.refresh\\_tokens \| \d+ \|/);
    assert.match(database, /There is no backup/);
    const performance = await newest('performance.md');
    assert.match(performance, /\| GET \/ready \| 200 \| \d+ \| [\d.]+ m?s \|/);
    assert.match(performance, /\| login \| 200 \| [\d.]+ m?s \|/);
    assert.match(performance, /[\d,]+ requests and \d+ messages? from /);
    assert.match(await newest('authentication.md'), /\| refresh \| ok \| 200 \|/);
    assert.match(
      await newest('summary.md'),
      /\(migration\) Migration 0001\\_identity was applied by holdfast\\_owner/,
    );
    assert.match(await newest('integration.md'), /no project was named: --dependencies DIR does/);
  });

  it('of a broken one name the cause, and hold neither passwords nor names of tables as HTML', async () => {
    for (const step of ['register', 'login']) {
      const response = await fetch(`${stack.server.url}/api/v1/auth/${step}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email: 'planted@example.com', password: 'Quiet-Lantern-Over-Fjord-77' }),
      });
      assert.ok(response.ok, await response.text());
    }
    await stack.asSuperuser(async db => {
      await db.query(sql`truncate refresh_tokens`);
      await db.query(sql`create table "<script>alert(1)</script>" (secret text)`);
    });
    const { code } = await examine();
    assert.equal(code, 1);
    const html = await newest('report.html');
    assert.match(
      html,
      /<g class="node cause"><title>table:refresh_tokens — refresh_tokens_truncated<\/title>/,
    );
    assert.ok(!html.includes('<script'), 'the name of a table is HTML');
    assert.ok(html.includes('&lt;script&gt;alert(1)&lt;/script&gt;'), 'the table is not in the report');
    assert.ok(!html.includes('planted@'), 'an address is in the report');
    for (const url of [stack.cluster.appUrl, stack.cluster.ownerUrl, stack.cluster.superuserUrl]) {
      assert.ok(!html.includes(new URL(url).password), 'a password is in the report');
    }
  });

  it('are listed from the newest, found by the first letters, shown and opened', async () => {
    const { result } = await runHoldfastJson<Listed>(['report', 'list', ...home()]);
    assert.deepEqual(
      result.reports.map(({ causes }) => causes),
      [['refresh_tokens_truncated'], []],
    );
    const [second, first] = result.reports;
    assert.ok(first !== undefined && second !== undefined);
    const shown = await runHoldfast([
      'report',
      'show',
      first.id.slice(0, -2),
      '--part',
      'performance',
      ...home(),
    ]);
    assert.match(shown.stdout, /^# Performance\n/);
    // no terminal here, so nobody would see a browser
    const opened = await runHoldfast(['report', 'open', '--dir', place]);
    assert.deepEqual([opened.code, opened.stdout], [0, `${join(second.directory, 'report.html')}\n`]);
    const wrong = [
      ['report', 'show', first.id.slice(0, 4), '--dir', place],
      ['report', 'shwo'],
      ['report', 'list', 'x'],
      ['report', 'open', '--part', 'summary'],
      ['report', 'show', '--part', 'sumary', '--dir', place],
      ['doctor', '--dependencies', join(place, 'no-such')],
      ['doctor', '--report-logs', place],
      ['doctor', '--report', join(second.directory, 'report.html')],
    ];
    for (const args of wrong) assert.equal((await runHoldfast(args)).code, 2, args.join(' '));
    assert.equal((await runHoldfast(['report', 'open', '1999', '--dir', place])).code, 1);
  });

  it('of a database that is down say so instead of numbers', async () => {
    await stack.stopDatabase();
    const { code } = await examine();
    assert.equal(code, 1);
    assert.match(await newest('summary.md'), /^\*\*PostgreSQL, the database server, is not running\.\*\*$/m);
    assert.match(
      await newest('database-health.md'),
      /The health catalogue could not be run: connect ECONNREFUSED/,
    );
  });
});
