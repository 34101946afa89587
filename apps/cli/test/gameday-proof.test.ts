import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { newId } from '@holdfast/core';
import { sql } from '@holdfast/postgres';
import { testDatabase } from '@holdfast/testing';
import { proveContent, type TableSums } from '../src/gameday/proof/prove-content.ts';
import { proveWrites } from '../src/gameday/proof/prove-writes.ts';
import type { LoggedWrite, Write } from '../src/gameday/users/write-log.ts';

const NONE: ReadonlySet<string> = new Set();

function logged(...writes: readonly Write[]): readonly LoggedWrite[] {
  return writes.map(write => ({ at: 0, write }));
}

describe('the proof of a game day', () => {
  it('misses nothing that was acknowledged', async t => {
    const { pool } = await testDatabase(t);
    const [user, session, email] = [newId(), newId(), 'a@example.com'];
    await pool.execute(sql`insert into users (id, email) values (${user}, ${email})`);
    await pool.execute(sql`insert into user_profiles (user_id, bio) values (${user}, 'revision 3')`);
    await pool.execute(sql`
      insert into sessions (id, user_id, client_id, amr, expires_at)
      values (${session}, ${user}, 'web', '{pwd}', now() + interval '1 day')
    `);
    await pool.execute(sql`
      insert into refresh_tokens (session_id, user_id, generation, expires_at, absolute_expires_at)
      values (${session}, ${user}, 2, now() + interval '1 day', now() + interval '1 day')
    `);
    const signedIn: Write[] = [
      { kind: 'account', userId: user, email },
      { kind: 'profile', userId: user, revision: 3 },
      { kind: 'sign-in', sessionId: session, userId: user },
      { kind: 'refresh', sessionId: session, generation: 2 },
    ];
    const prove = (...more: readonly Write[]) =>
      proveWrites(pool, { writes: logged(...signedIn, ...more), uncertain: NONE, endedLater: NONE });
    const wrong = async (problem: RegExp, ...more: readonly Write[]): Promise<void> => {
      const { ok, detail } = await prove(...more);
      assert.equal(ok, false);
      assert.match(detail, problem);
    };

    assert.equal((await prove()).ok, true);
    await wrong(/the account is not there/, { kind: 'account', userId: newId(), email: 'b@example.com' });
    await wrong(/the account is not there/, { kind: 'account', userId: user, email: 'other@example.com' });
    await wrong(/at 'revision 3', not revision 4/, { kind: 'profile', userId: user, revision: 4 });
    await wrong(/the session is not there/, { kind: 'sign-in', sessionId: newId(), userId: user });
    await wrong(/generation 2, not 3/, { kind: 'refresh', sessionId: session, generation: 3 });
    await wrong(/was ended and is live/, { kind: 'sign-out', sessionId: session });

    await pool.execute(sql`
      update sessions set revoked_at = now(), revocation_reason = 'session_limit' where id = ${session}
    `);
    await wrong(/was ended \(session_limit\)/);
    assert.equal((await prove({ kind: 'sign-out', sessionId: session })).ok, true);
  });

  it('sees a table that is gone, shorter, or has other rows', () => {
    const before: TableSums = new Map([['public.roles', { rows: 3, checksum: '17' }]]);
    const after = (rows: number, checksum: string): TableSums =>
      new Map([['public.roles', { rows, checksum }]]);
    const names = ['public.roles'];
    assert.equal(proveContent(before, after(3, '17'), names).ok, true);
    assert.match(proveContent(before, new Map(), names).detail, /public\.roles is not there/);
    assert.match(proveContent(before, after(2, '17'), names).detail, /has 2 rows instead of 3/);
    assert.match(proveContent(before, after(3, '18'), names).detail, /the rows of public\.roles are others/);
  });
});
