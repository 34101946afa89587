import Type, { type Static } from 'typebox';
import { Id, nullable, Timestamp, text } from './text.ts';
import { RoleName } from './user.ts';

const PermissionName = Type.String({
  pattern: '^[a-z][a-z0-9_-]{0,62}:[a-z][a-z0-9_-]{0,62}$',
  description: 'What is acted on and what is done, such as `users:read`.',
});
const Description = text({ maxLength: 1000 });

const shared = {
  id: Id,
  name: Type.String(),
  description: Type.String(),
  builtIn: Type.Boolean({
    description: 'Part of Holdfast itself; it cannot be renamed, disabled or deleted.',
  }),
  disabledAt: nullable(Timestamp),
  createdAt: Timestamp,
  modifiedAt: Timestamp,
  deletedAt: nullable(Timestamp),
};

export const Permission = Type.Object(shared, { additionalProperties: false });
export type Permission = Static<typeof Permission>;

export const Role = Type.Object(
  { ...shared, permissions: Type.Array(Type.String(), { description: 'Names of the permissions granted.' }) },
  { additionalProperties: false },
);
export type Role = Static<typeof Role>;

export const CreateRoleBody = Type.Object(
  { name: RoleName, description: Type.Optional(Description) },
  { additionalProperties: false },
);
export type CreateRoleBody = Static<typeof CreateRoleBody>;

export const PatchRoleBody = Type.Object(
  { name: Type.Optional(RoleName), description: Type.Optional(Description) },
  { additionalProperties: false, minProperties: 1 },
);
export type PatchRoleBody = Static<typeof PatchRoleBody>;

export const CreatePermissionBody = Type.Object(
  { name: PermissionName, description: Type.Optional(Description) },
  { additionalProperties: false },
);
export type CreatePermissionBody = Static<typeof CreatePermissionBody>;

export const PatchPermissionBody = Type.Object({ description: Description }, { additionalProperties: false });
export type PatchPermissionBody = Static<typeof PatchPermissionBody>;
