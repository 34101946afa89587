export type AccountStatus = 'active' | 'disabled';

/** An account as the API shows it; never with anything about its password. */
export interface Account {
  readonly id: string;
  readonly email: string;
  readonly status: AccountStatus;
  readonly emailVerifiedAt: Date | null;
  readonly displayName: string | null;
  readonly roles: readonly string[];
  readonly lastLoginAt: Date | null;
  readonly createdAt: Date;
  readonly createdBy: string | null;
  readonly modifiedAt: Date;
  readonly modifiedBy: string | null;
  readonly deletedAt: Date | null;
}

/** What a person says about themselves. */
export interface Profile {
  readonly displayName: string | null;
  readonly givenName: string | null;
  readonly familyName: string | null;
  readonly phone: string | null;
  readonly locale: string | null;
  readonly timeZone: string | null;
  readonly avatarUrl: string | null;
  readonly bio: string | null;
  readonly modifiedAt: Date;
}

/** Only the fields that are present change; null clears one. */
export type ProfileChange = Partial<Omit<Profile, 'modifiedAt'>>;
