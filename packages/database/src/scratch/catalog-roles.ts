import type { Catalog, CatalogGrant } from '@holdfast/postgres';

/** Every role that a catalog names: owners, those with rights, those of policies and default privileges. */
export function rolesOf(catalog: Catalog): string[] {
  const roles = new Set<string>();
  visit(catalog, (name, value) => {
    if (ROLE_MEMBERS.has(name) && typeof value === 'string') roles.add(value);
    if (name === 'roles' && Array.isArray(value)) for (const role of value) roles.add(String(role));
  });
  for (const none of ['PUBLIC', '@owner']) roles.delete(none);
  return [...roles].sort();
}

/** The same catalog with one role in the place of another. */
export function replaceRole(catalog: Catalog, from: string, to: string): Catalog {
  if (from === to) return catalog;
  return JSON.parse(JSON.stringify(catalog), (name, value: unknown) => {
    if (ROLE_MEMBERS.has(name) && value === from) return to;
    if (name === 'roles' && Array.isArray(value))
      return value.map(role => (role === from ? to : role)).sort();
    return value;
  }) as Catalog;
}

const ROLE_MEMBERS = new Set<string>(['owner', 'role', 'grantee' satisfies keyof CatalogGrant]);

function visit(value: unknown, see: (name: string, value: unknown) => void): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    see(name, inner);
    visit(inner, see);
  }
}
