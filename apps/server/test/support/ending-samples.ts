import type { OperationId } from '@holdfast/contract';
import { newId } from '@holdfast/core';
import { PASSWORD } from './people.ts';
import type { Sample } from './requests.ts';
import { validSamples } from './valid-samples.ts';
import type { World } from './world.ts';

type Prepare = (world: World) => Promise<Sample>;

const onSignedIn: Prepare = async ({ people, admin }) => ({
  token: admin.accessToken,
  params: { userId: (await people.person()).userId },
});

/** Requests by which a session does end, where the valid one ends none. */
const ENDING: Partial<Record<OperationId, Prepare>> = {
  // with a limit of one session
  login: async ({ people }) => ({ body: { email: (await people.person()).email, password: PASSWORD } }),
  // without a grace time
  refresh: async ({ people }) => {
    const { refreshToken } = await people.person();
    const second = await people.sessions.refresh(refreshToken, { type: 'anonymous', id: null });
    await people.sessions.refresh(second.refreshToken, { type: 'anonymous', id: null });
    return { body: { refreshToken } };
  },
  patchMe: async ({ people }) => {
    const person = await people.person();
    await people.signIn({ id: person.userId, email: person.email });
    return {
      token: person.accessToken,
      body: { currentPassword: PASSWORD, newPassword: `${newId()} as a passphrase` },
    };
  },
  revokeMyOtherSessions: async ({ people }) => {
    const person = await people.person();
    await people.signIn({ id: person.userId, email: person.email });
    return { token: person.accessToken };
  },
  patchUser: async world => ({
    ...(await onSignedIn(world)),
    body: { password: `${newId()} as a passphrase` },
  }),
  disableUser: onSignedIn,
  deleteUser: onSignedIn,
  revokeUserSessions: onSignedIn,
};

export async function endingSample(id: OperationId, world: World): Promise<Sample> {
  return (ENDING[id] ?? validSamples[id])(world);
}
