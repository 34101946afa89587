import type { Permission as StoredPermission, Role as StoredRole } from '@holdfast/auth';
import type { Permission, Role } from '@holdfast/contract';

export function presentPermission(entry: StoredPermission): Permission {
  return {
    id: entry.id,
    name: entry.name,
    description: entry.description,
    builtIn: entry.builtIn,
    disabledAt: entry.disabledAt?.toISOString() ?? null,
    createdAt: entry.createdAt.toISOString(),
    modifiedAt: entry.modifiedAt.toISOString(),
    deletedAt: entry.deletedAt?.toISOString() ?? null,
  };
}

export function presentRole(role: StoredRole): Role {
  return { ...presentPermission(role), permissions: [...role.permissions] };
}
