import {
  type AccessClaims,
  changeOwnAccount,
  changeOwnProfile,
  findAccount,
  findProfile,
  listSessions,
  type Profile,
} from '@holdfast/auth';
import { operations } from '@holdfast/contract';
import { HoldfastError } from '@holdfast/core';
import { createSharedLookup, type Queryable } from '@holdfast/postgres';
import { userOf } from '../../operations/actor.ts';
import { type Implementation, implement } from '../../operations/implementation.ts';
import type { Services } from '../../services.ts';
import { findMe } from './me-queries.ts';
import { presentProfile, presentSession, presentUser } from './present-account.ts';
import { sessionGone } from './session-gone.ts';

export function accountRoutes(services: Services): Implementation[] {
  const { pool, revoke } = services;
  const meOf = createSharedLookup({
    find: (sessionIds: string[]) => findMe(pool, sessionIds),
    nameOfKey: sessionId => sessionId,
    nameOfRow: me => me.sessionId,
  });
  return [
    implement(operations.getMe, async ({ auth }) => {
      const me = await meOf(auth.sessionId);
      if (me === undefined || me.id !== auth.userId) throw await sessionGone(pool, auth.sessionId);
      return presentUser({ ...me, roles: auth.roles });
    }),
    implement(operations.patchMe, async ({ body, auth, request }) =>
      presentUser({ ...(await changeOwnAccount(services, userOf(request), body)), roles: auth.roles }),
    ),
    implement(operations.getMyProfile, async ({ auth }) => presentProfile(await existingProfile(pool, auth))),
    implement(operations.patchMyProfile, async ({ body, request }) =>
      presentProfile(await changeOwnProfile(pool, userOf(request), body)),
    ),
    implement(operations.listMySessions, async ({ auth }) => {
      const rows = await listSessions(pool, auth.userId);
      return { items: rows.map(row => presentSession(row, auth.sessionId)) };
    }),
    implement(operations.revokeMySession, async ({ params, auth, request }) => {
      const selection = { sessionId: params.sessionId, userId: auth.userId };
      const revocation = { reason: 'revoked_by_user', actor: userOf(request) } as const;
      if ((await revoke(pool, selection, revocation)).length === 0) {
        throw new HoldfastError('not_found', 'You have no such session that has not ended.');
      }
      return undefined;
    }),
    implement(operations.revokeMyOtherSessions, async ({ auth, request }) => {
      const selection = { userId: auth.userId, except: auth.sessionId };
      const revocation = { reason: 'revoked_by_user', actor: userOf(request) } as const;
      return { revoked: (await revoke(pool, selection, revocation)).length };
    }),
  ];
}

/** Accounts that came from elsewhere may have no profile yet: nothing is known, which is not an error. */
async function existingProfile(db: Queryable, { userId, sessionId }: AccessClaims): Promise<Profile> {
  const profile = await findProfile(db, userId);
  if (profile !== undefined) return profile;
  const account = await findAccount(db, userId);
  if (account === undefined) throw await sessionGone(db, sessionId);
  return { ...EMPTY_PROFILE, modifiedAt: account.modifiedAt };
}

const EMPTY_PROFILE = {
  displayName: null,
  givenName: null,
  familyName: null,
  phone: null,
  locale: null,
  timeZone: null,
  avatarUrl: null,
  bio: null,
};
