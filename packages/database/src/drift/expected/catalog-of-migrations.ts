import { randomBytes } from 'node:crypto';
import { errorMessage, HoldfastError } from '@holdfast/core';
import { type Catalog, type Connection, connect, readCatalog, sqlState } from '@holdfast/postgres';
import { migrateUp } from '../../migrate/migrate-up.ts';
import type { Migration } from '../../migrate/migration.ts';
import { reconcile } from '../reconcile/reconcile.ts';
import { replaceRole, rolesOf } from './catalog-roles.ts';
import {
  createRole,
  createScratch,
  dropRole,
  dropScratch,
  endSession,
  findCurrentRole,
  listForgottenScratch,
  listMissingRoles,
  mayBecome,
} from './scratch-queries.ts';

export interface BuildOptions {
  /** A role that may create databases, on the server where the scratch database is made. */
  readonly adminUrl: string;
  /** The role that migrates, on the same server; its database does not matter. */
  readonly builderUrl: string;
  readonly migrations: readonly Migration[];
  /** The last one to apply; undefined: all. */
  readonly to: string | undefined;
  readonly appVersion: string;
  /** What the migrations find in a new database besides nothing: the rights in `public`, default privileges, roles. */
  readonly live: Catalog;
  readonly schemas: readonly string[] | 'all';
  /** The role that owns the live objects, where the builder is called otherwise. */
  readonly liveOwner: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Gives up; the scratch database is dropped all the same. */
  readonly signal?: AbortSignal;
}

const FORGOTTEN_AFTER_S = 3_600;

/**
 * The catalog that migrations build in a scratch database, which is dropped afterwards, whatever happens. Roles that are missing
 * on its server are made for that time. What is no matter of migrations (settings, the locale of the database) is left out, so
 * that it is not compared.
 * @throws HoldfastError `drift_unknown` when the scratch database cannot be made; what `migrateUp` throws.
 */
export async function catalogOfMigrations(options: BuildOptions): Promise<Catalog> {
  const { adminUrl, live, now } = options;
  const seconds = Math.floor(now / 1_000);
  const admin = await connect({ url: adminUrl, applicationName: 'holdfast drift' });
  const name = `holdfast_scratch_${seconds}_${randomBytes(4).toString('hex')}`;
  const made: string[] = [];
  try {
    for (const old of await listForgottenScratch(admin, seconds - FORGOTTEN_AFTER_S))
      await dropScratch(admin, old);
    for (const role of await listMissingRoles(admin, rolesOf(live))) {
      await createRole(admin, role);
      made.push(role);
    }
    return await buildIn(name, admin, options);
  } finally {
    await dropScratch(admin, name);
    for (const role of made) await dropRole(admin, role);
    await admin.close();
  }
}

async function buildIn(name: string, admin: Connection, options: BuildOptions): Promise<Catalog> {
  const url = await urlOfBuilder(options);
  await makeScratch(name, admin, url);
  await prepare(withDatabase(options.adminUrl, name), options.live);
  const builder = await connect({ url: withDatabase(url, name), applicationName: 'holdfast drift' });
  const giveUp = (): void => void endSession(admin, builder.processId).catch(() => undefined);
  options.signal?.addEventListener('abort', giveUp, { once: true });
  try {
    options.signal?.throwIfAborted();
    const { migrations, appVersion, to, schemas, liveOwner } = options;
    if (migrations.length > 0)
      await migrateUp({ connection: builder, migrations, appVersion, ...(to === undefined ? {} : { to }) });
    const {
      database: _,
      settings: __,
      serverSettings: ___,
      ...catalog
    } = await readCatalog(builder, { schemas });
    return replaceRole(
      catalog,
      await findCurrentRole(builder),
      liveOwner ?? (await findCurrentRole(builder)),
    );
  } finally {
    options.signal?.removeEventListener('abort', giveUp);
    await builder.close();
  }
}

/** The builder as the role that owns the live objects where it may be that: default privileges hang on the role. */
async function urlOfBuilder({ builderUrl, liveOwner }: BuildOptions): Promise<string> {
  if (liveOwner === undefined) return builderUrl;
  const probe = await connect({ url: builderUrl, applicationName: 'holdfast drift' });
  const possible = await mayBecome(probe, liveOwner).finally(() => probe.close());
  if (!possible) return builderUrl;
  const url = new URL(builderUrl);
  const role = liveOwner.replaceAll(/[\\ ]/g, character => `\\${character}`);
  url.searchParams.set('options', `${url.searchParams.get('options') ?? ''} -c role=${role}`.trim());
  return url.href;
}

async function makeScratch(name: string, admin: Connection, builderUrl: string): Promise<void> {
  const probe = await connect({ url: builderUrl, applicationName: 'holdfast drift' });
  const owner = await findCurrentRole(probe).finally(() => probe.close());
  try {
    await createScratch(admin, name, owner);
  } catch (cause) {
    if (sqlState(cause) !== '42501') throw cause;
    const message = `A scratch database is needed to see what the migrations build, and this role may not create one (${errorMessage(cause)}). Give it CREATEDB, name another server with --scratch-url, or compare with --ledger or --snapshot`;
    throw new HoldfastError('drift_unknown', message, { cause });
  }
}

/** A new database gets the rights in `public` and the default privileges of the live one, which migrations build upon. */
async function prepare(url: string, live: Catalog): Promise<void> {
  const connection = await connect({ url, applicationName: 'holdfast drift' });
  try {
    const found = await readCatalog(connection, { schemas: ['public'] });
    const { statements } = reconcile(
      { expected: surroundings(live), live: surroundings(found) },
      { allowDestructive: true },
    );
    for (const statement of statements) await connection.script(statement);
  } finally {
    await connection.close();
  }
}

function surroundings({
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

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}
