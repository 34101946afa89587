import type { Catalog } from '@holdfast/postgres';

/** Every tablespace that a catalog names; the default one of the database is not among them. */
export function tablespacesOf({ tables, indexes, views }: Catalog): string[] {
  const names = [...tables, ...indexes, ...views].map(({ tablespace }) => tablespace ?? '');
  return [...new Set(names.filter(name => name !== ''))].sort();
}
