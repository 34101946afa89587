import Type, { type Static } from 'typebox';
import { choice, Email, Id, nullable, Password, Timestamp, text } from './text.ts';

export const UserStatus = choice(['active', 'disabled']);
export type UserStatus = Static<typeof UserStatus>;

export const RoleName = Type.String({ pattern: '^[a-z][a-z0-9_-]{0,62}$' });

const userMembers = {
  id: Id,
  email: Type.String(),
  emailVerified: Type.Boolean(),
  status: UserStatus,
  roles: Type.Array(Type.String(), {
    description: 'Names of the roles: of the own account those in its access token, else those granted now.',
  }),
  lastLoginAt: nullable(Timestamp),
  createdAt: Timestamp,
  modifiedAt: Timestamp,
};

/** An account, as its owner sees it. */
export const User = Type.Object(userMembers, { additionalProperties: false });
export type User = Static<typeof User>;

/** An account, as an administrator sees it. */
export const AdminUser = Type.Object(
  {
    ...userMembers,
    displayName: nullable(Type.String()),
    createdBy: nullable(Id),
    modifiedBy: nullable(Id),
    deletedAt: nullable(Timestamp),
  },
  { additionalProperties: false },
);
export type AdminUser = Static<typeof AdminUser>;

const DisplayName = text({ minLength: 1, maxLength: 200 });

export const RegisterBody = Type.Object(
  { email: Email, password: Password, displayName: Type.Optional(DisplayName) },
  { additionalProperties: false },
);
export type RegisterBody = Static<typeof RegisterBody>;

export const CreateUserBody = Type.Object(
  {
    email: Email,
    password: Type.Optional(Password),
    displayName: Type.Optional(DisplayName),
    emailVerified: Type.Optional(Type.Boolean()),
    roles: Type.Optional(
      Type.Array(RoleName, {
        maxItems: 50,
        uniqueItems: true,
        description:
          'Granted in addition to `user`, which every account has. Takes the permission `roles:write`.',
      }),
    ),
  },
  { additionalProperties: false },
);
export type CreateUserBody = Static<typeof CreateUserBody>;

export const PatchUserBody = Type.Object(
  {
    email: Type.Optional(Email),
    emailVerified: Type.Optional(Type.Boolean()),
    password: Type.Optional(Password),
    displayName: Type.Optional(nullable(DisplayName)),
  },
  { additionalProperties: false, minProperties: 1 },
);
export type PatchUserBody = Static<typeof PatchUserBody>;

export const PatchMeBody = Type.Object(
  {
    email: Type.Optional(Email),
    newPassword: Type.Optional(Password),
    currentPassword: Password,
  },
  { additionalProperties: false, minProperties: 2 },
);
export type PatchMeBody = Static<typeof PatchMeBody>;
