import type { CatalogAcl, CatalogGrant } from '@holdfast/postgres';
import type { PropertyValue } from './schema-object.ts';

/** What PostgreSQL grants everybody as long as nobody has granted or revoked anything (manual, "Privileges"). */
const PUBLIC_DEFAULTS = { function: 'EXECUTE', type: 'USAGE' } as const;

/**
 * The rights on an object as a property: role → privileges, those that may be handed on with a star. A list that says the same
 * as the default is the default.
 */
export function accessRights(
  acl: CatalogAcl | undefined,
  kind: 'function' | 'type' | 'other' = 'other',
): PropertyValue | undefined {
  if (acl === undefined) return undefined;
  const grants = acl ?? (kind === 'other' ? [] : [everybody(PUBLIC_DEFAULTS[kind])]);
  return Object.fromEntries(grants.map(grant => [grant.grantee, privileges(grant)]));
}

function everybody(privilege: string): CatalogGrant {
  return { grantee: 'PUBLIC', privileges: [privilege], grantable: [] };
}

function privileges({ privileges: all, grantable }: CatalogGrant): string {
  const marked = all.map(privilege => (grantable.includes(privilege) ? `${privilege}*` : privilege));
  return marked.toSorted().join(', ');
}
