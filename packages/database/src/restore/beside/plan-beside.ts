import { connect, type Queryable, sql } from '@holdfast/postgres';
import type { DatabaseContent } from '../../backup/manifest.ts';
import { rolesOf } from '../../scratch/catalog-roles.ts';
import { tablespacesOf } from '../../scratch/catalog-tablespaces.ts';
import { listMissingExtensions } from '../logical/scratch-database-queries.ts';
import {
  type DatabaseShape,
  listDeniedTablespaces,
  listMissingRoles,
  readMaker,
  readShape,
} from './beside-queries.ts';
import { databaseOf, withDatabase } from './restore-beside.ts';

/** What a restore beside a database finds before anything is made. */
export interface BesidePlan {
  readonly database: string;
  /** Whether there is one that would be replaced. */
  readonly exists: boolean;
  /** What it takes; null when the role may not know. */
  readonly presentBytes: number | null;
  /** Why it cannot be done as things are; empty when it can. */
  readonly obstacles: readonly string[];
}

/**
 * Looks whether this role could restore beside the database of a URL. Changes nothing. @throws `database_unavailable`
 * @param content what would be restored, as far as it is known
 */
export async function planBeside(url: string, content?: DatabaseContent): Promise<BesidePlan> {
  const database = databaseOf(url);
  const admin = await connect({ url: withDatabase(url, 'postgres'), applicationName: 'holdfast restore' });
  try {
    const shape = await readShape(admin, database);
    const { role, mayCreate, isStandby, owns, presentBytes } = await readMaker(admin, database);
    const obstacles = [
      ...(isStandby ? ['this server is a standby, which takes no writes: name its primary'] : []),
      ...(mayCreate ? [] : [`${role} may not create databases (alter role ${role} createdb)`]),
      ...(shape === undefined || owns
        ? []
        : [`${database} belongs to ${shape.owner}, and ${role} is no member of that role`]),
      ...(content === undefined ? [] : await missingThere(admin, content)),
      ...(await tablespacesInTheWay(admin, { role, shape, content })),
    ];
    return { database, exists: shape !== undefined, presentBytes, obstacles };
  } finally {
    await admin.close();
  }
}

async function missingThere(
  db: Queryable,
  { owner, catalog, extensions }: DatabaseContent,
): Promise<string[]> {
  const roles = await listMissingRoles(db, [...new Set([owner, ...rolesOf(catalog)])]);
  const packages = await listMissingExtensions(
    db,
    extensions.map(({ name }) => name),
  );
  return [
    ...(roles.length === 0
      ? []
      : [`the server has no ${named('role', roles)}, named in what is restored (create role … nologin)`]),
    ...(packages.length === 0
      ? []
      : [`the server lacks the packages of the ${named('extension', packages)}`]),
  ];
}

async function tablespacesInTheWay(
  db: Queryable,
  {
    role,
    shape,
    content,
  }: {
    readonly role: string;
    readonly shape: DatabaseShape | undefined;
    readonly content: DatabaseContent | undefined;
  },
): Promise<string[]> {
  const ofDatabase = shape?.tablespace ?? null;
  const wanted = [
    ...(ofDatabase === null ? [] : [ofDatabase]),
    ...(content === undefined ? [] : tablespacesOf(content.catalog)),
  ];
  const denied = await listDeniedTablespaces(db, [...new Set(wanted)]);
  return denied.map(({ name: given, exists }) => {
    const name = sql.id(given).text;
    return exists
      ? `${role} may make nothing in the tablespace ${name} (grant create on tablespace ${name} to ${sql.id(role).text})`
      : `the server has no tablespace ${name}, in which something of it lies (create tablespace ${name} location '…')`;
  });
}

function named(what: string, names: readonly string[]): string {
  return `${what}${names.length === 1 ? '' : 's'} ${names.join(', ')}`;
}
