import type { Catalog } from '@holdfast/postgres';

/** A catalog without what is no matter of migrations: settings, the locale of the database and the server. */
export function withoutServer({
  database: _,
  settings: __,
  serverSettings: ___,
  ...catalog
}: Catalog): Catalog {
  return catalog;
}
