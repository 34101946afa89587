import type { Account, SessionRow, Profile as StoredProfile } from '@holdfast/auth';
import type { AdminUser, Profile, Session, User } from '@holdfast/contract';
import { deviceLabel } from './device-label.ts';

type PublicAccount = Omit<Account, 'displayName' | 'createdBy' | 'modifiedBy' | 'deletedAt'>;

export function presentUser(account: PublicAccount): User {
  return {
    id: account.id,
    email: account.email,
    emailVerified: account.emailVerifiedAt !== null,
    status: account.status,
    roles: account.roles as string[],
    lastLoginAt: account.lastLoginAt?.toISOString() ?? null,
    createdAt: account.createdAt.toISOString(),
    modifiedAt: account.modifiedAt.toISOString(),
  };
}

export function presentAdminUser(account: Account): AdminUser {
  return {
    ...presentUser(account),
    displayName: account.displayName,
    createdBy: account.createdBy,
    modifiedBy: account.modifiedBy,
    deletedAt: account.deletedAt?.toISOString() ?? null,
  };
}

export function presentProfile(profile: StoredProfile): Profile {
  return { ...profile, modifiedAt: profile.modifiedAt.toISOString() };
}

/** @param currentId the session of the request that asks. */
export function presentSession(row: SessionRow, currentId: string): Session {
  return {
    id: row.id,
    clientId: row.clientId,
    amr: [...row.amr],
    address: row.address,
    userAgent: row.userAgent,
    device: deviceLabel(row.userAgent),
    createdAt: row.createdAt.toISOString(),
    lastUsedAt: row.lastUsedAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    current: row.id === currentId,
  };
}
