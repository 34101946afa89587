import { assertMayAdminister, findAccount, listSessions } from '@holdfast/auth';
import { operations } from '@holdfast/contract';
import { HoldfastError } from '@holdfast/core';
import type { Queryable } from '@holdfast/postgres';
import { actorOf } from '../../operations/actor.ts';
import { type Implementation, implement } from '../../operations/implementation.ts';
import type { Services } from '../../services.ts';
import { presentSession } from '../account/present-account.ts';

const REASON = 'revoked_by_administrator';

export function userSessionRoutes({ pool, revoke }: Services): Implementation[] {
  return [
    implement(operations.listUserSessions, async ({ params, auth }) => {
      await assertAccount(pool, params.userId);
      const rows = await listSessions(pool, params.userId);
      return { items: rows.map(row => presentSession(row, auth.sessionId)) };
    }),
    implement(operations.revokeUserSession, async ({ params, request }) => {
      const actor = actorOf(request);
      await assertMayAdminister(pool, actor, params.userId, 'end a session of');
      const revocation = { reason: REASON, actor } as const;
      if ((await revoke(pool, params, revocation)).length === 0) {
        throw new HoldfastError('not_found', 'The account has no such session that has not ended.');
      }
      return undefined;
    }),
    implement(operations.revokeUserSessions, async ({ params, request }) => {
      await assertAccount(pool, params.userId);
      const actor = actorOf(request);
      await assertMayAdminister(pool, actor, params.userId, 'end the sessions of');
      const revocation = { reason: REASON, actor } as const;
      return { revoked: (await revoke(pool, params, revocation)).length };
    }),
  ];
}

async function assertAccount(db: Queryable, id: string): Promise<void> {
  if ((await findAccount(db, id)) === undefined) {
    throw new HoldfastError('not_found', 'There is no such account.');
  }
}
