import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { newId } from '@holdfast/core';
import { sql } from '@holdfast/postgres';
import { testDatabase } from '@holdfast/testing';
import { runHoldfast, runHoldfastJson } from './run-command-line.ts';

interface Page {
  readonly items: readonly { readonly action: string; readonly position: number }[];
  readonly nextCursor: string | null;
}

async function log(t: TestContext) {
  const { pool, ownerUrl } = await testDatabase(t);
  const actor = newId();
  await pool.execute(sql`
    insert into audit_log (id, actor_type, actor_id, action, subject_type, subject_id, request_id, occurred_at, details)
    values
      (${newId()}, 'user', ${actor}, 'session.started', 'session', 's1', 'r1', now() - interval '3 days', '{"a": "x,\\"y\\""}'),
      (${newId()}, 'system', null, 'session.revoked', 'session', 's1', null, now() - interval '2 days', '{}'),
      (${newId()}, 'user', ${actor}, 'user.deleted', 'user', '=cmd()', 'r1', now(), '{}')
  `);
  const args = ['audit', '--database-url', ownerUrl];
  const search = async (...more: string[]): Promise<Page> => {
    const { code, result } = await runHoldfastJson<Page>([...args, ...more]);
    assert.equal(code, 0, JSON.stringify(result));
    return result;
  };
  const actions = async (...more: string[]) => (await search(...more)).items.map(({ action }) => action);
  return { pool, actor, args, search, actions };
}

describe('holdfast audit', () => {
  it('finds entries by each condition and by several', async t => {
    const { actor, actions } = await log(t);
    const [deleted, revoked, started] = ['user.deleted', 'session.revoked', 'session.started'];
    assert.deepEqual(await actions(), [deleted, revoked, started]);
    assert.deepEqual(await actions('--actor', actor), [deleted, started]);
    assert.deepEqual(await actions('--action', 'session.*'), [revoked, started]);
    assert.deepEqual(await actions('--action', 'session.revoked'), [revoked]);
    assert.deepEqual(await actions('--subject', 'session:s1'), [revoked, started]);
    assert.deepEqual(await actions('--subject', 'user'), [deleted]);
    assert.deepEqual(await actions('--request', 'r1'), [deleted, started]);
    assert.deepEqual(await actions('--from', '60h'), [deleted, revoked]);
    assert.deepEqual(await actions('--to', new Date(Date.now() - 86_400_000).toISOString()), [
      revoked,
      started,
    ]);
    assert.deepEqual(await actions('--actor', actor, '--subject', 'session'), [started]);
    assert.deepEqual(await actions('--actor', newId()), []);
  });

  it('pages without gaps', async t => {
    const { search } = await log(t);
    const first = await search('--limit', '2');
    assert.equal(first.items.length, 2);
    const second = await search('--limit', '2', '--cursor', first.nextCursor ?? '');
    assert.deepEqual(
      second.items.map(({ action }) => action),
      ['session.started'],
    );
    assert.equal(second.nextCursor, null);
  });

  it('writes a table, and CSV that a spreadsheet takes for text', async t => {
    const { actor, args } = await log(t);
    const text = await runHoldfast([...args, '--limit', '1']);
    assert.match(
      text.stdout,
      new RegExp(
        `^[0-9TZ.:-]+ {2}user:${actor} {2}user\\.deleted {2}user:=cmd\\(\\)\nThere are more: --cursor \\d+\n$`,
      ),
    );
    const { stdout } = await runHoldfast([...args, '--csv']);
    const lines = stdout.trimEnd().split('\r\n');
    assert.equal(lines.length, 4);
    assert.match(lines[1] ?? '', /,user,'=cmd\(\),,r1,,\{\}$/);
    assert.match(lines[3] ?? '', /,"\{""a"":""x,\\""y\\""""\}"$/);
    assert.match((await runHoldfast([...args, '--action', 'nothing.here'])).stdout, /There is no such entry/);
  });

  it('writes every entry as lines of JSON, however many', async t => {
    const { pool, args } = await log(t);
    await pool.execute(sql`
      insert into audit_log (id, actor_type, action, subject_type)
      select gen_random_uuid(), 'system', 'test.happened', 'test' from generate_series(1, 2500)
    `);
    const { stdout } = await runHoldfast([...args, '--ndjson']);
    const positions = stdout
      .trimEnd()
      .split('\n')
      .map(line => (JSON.parse(line) as { position: number }).position);
    assert.equal(positions.length, 2_503);
    assert.deepEqual(
      positions,
      positions.toSorted((a, b) => b - a),
    );
    assert.equal(new Set(positions).size, 2_503);
  });

  it('refuses conditions that make no sense', async t => {
    const { args } = await log(t);
    for (const [more, problem] of [
      [['--actor', 'me'], /--actor must be the id of an account/],
      [['--from', 'yesterday'], /--from must be a time/],
      [['--limit', '0'], /--limit must be a whole number/],
      [['--cursor', 'x'], /--cursor must be a whole number/],
      [['--csv', '--ndjson'], /Choose one of/],
      [['--csv', '--limit', '5'], /--limit is for pages/],
    ] as const) {
      const { code, stderr } = await runHoldfast([...args, ...more]);
      assert.equal(code, 2);
      assert.match(stderr, problem);
    }
  });
});
