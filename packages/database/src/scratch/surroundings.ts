import { type Catalog, type Connection, readCatalog, sqlState } from '@holdfast/postgres';
import { reconcile } from '../drift/reconcile/reconcile.ts';

const INSUFFICIENT_PRIVILEGE = '42501';

/** What a database has before anything is built in it: the rights in `public` and the default privileges. */
export async function readSurroundings(connection: Connection): Promise<Catalog> {
  return surroundingsOf(await readCatalog(connection, { schemas: ['public'] }));
}

/**
 * Gives a database the surroundings of a catalog. What the role may not change stays as it is, and shows as a difference of what is
 * built there.
 */
export async function takeOnSurroundings(connection: Connection, wanted: Catalog): Promise<void> {
  const live = await readSurroundings(connection);
  const { statements } = reconcile({ expected: surroundingsOf(wanted), live }, { allowDestructive: true });
  for (const statement of statements) {
    try {
      await connection.script(statement);
    } catch (error) {
      if (sqlState(error) !== INSUFFICIENT_PRIVILEGE) throw error;
    }
  }
}

function surroundingsOf({
  serverVersion,
  schemas,
  schemaDetails = [],
  defaultPrivileges = [],
}: Catalog): Catalog {
  const none: never[] = [];
  return {
    serverVersion,
    schemas: schemas.filter(name => name === 'public'),
    schemaDetails: schemaDetails.filter(({ name }) => name === 'public'),
    defaultPrivileges: defaultPrivileges.filter(({ schema }) => schema === null || schema === 'public'),
    tables: none,
    indexes: none,
    constraints: none,
    triggers: none,
    sequences: none,
    functions: none,
    views: none,
    types: none,
    extensions: none,
  };
}
