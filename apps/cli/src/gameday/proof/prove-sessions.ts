import { inGroups } from '@holdfast/core';
import { httpCall } from '../users/http-call.ts';
import type { SimulatedUser } from '../users/simulated-user.ts';
import { describe } from '../users/simulated-user.ts';
import type { UserSession } from '../users/user-session.ts';
import { type ProofItem, proven } from './proof.ts';

const AT_ONCE = 8;

/** Everybody who did not sign out refreshes and reads: nobody has been logged out. */
export async function proveSessions(
  users: readonly SimulatedUser[],
  lostAccounts: ReadonlySet<string>,
): Promise<ProofItem> {
  const signedIn = users.filter(
    ({ id, session }) =>
      session !== undefined && !session.ending && !(id !== undefined && lostAccounts.has(id)),
  );
  const problems: string[] = [];
  await inGroups(signedIn, AT_ONCE, async user => {
    const { alive, why } = await user.prove();
    if (!alive) problems.push(`${user.email}: ${why}`);
  });
  return proven('nobody is logged out', `${signedIn.length} sessions refreshed and used`, problems);
}

/** No session that somebody ended works again, by either of its tokens. */
export async function proveRevoked(url: string, revoked: readonly UserSession[]): Promise<ProofItem> {
  const problems: string[] = [];
  await inGroups(revoked, AT_ONCE, async ({ id, accessToken, refreshToken }) => {
    const answers = [
      await httpCall(url, { method: 'POST', path: '/api/v1/auth/refresh', body: { refreshToken } }),
      await httpCall(url, { method: 'GET', path: '/api/v1/users/me', bearer: accessToken }),
      await httpCall(url, { method: 'GET', path: '/api/v1/users/me/profile', bearer: accessToken }),
    ];
    for (const answer of answers) {
      const refused = answer.kind === 'answered' && (answer.status === 401 || answer.status === 403);
      if (!refused) problems.push(`${id} was answered ${describe(answer)}`);
    }
  });
  return proven(
    'what was ended stays ended',
    `${revoked.length} ended sessions tried by both tokens`,
    problems,
  );
}
