import { randomBytes } from 'node:crypto';
import { type Clock, errorMessage, HoldfastError, systemClock } from '@holdfast/core';
import { type Catalog, type Connection, connect, sqlState } from '@holdfast/postgres';
import { copySettings } from './database-settings.ts';
import { DROP_OBJECTS } from './drop-objects.ts';
import {
  countObjects,
  createScratch,
  dropExtension,
  dropScratch,
  findCurrentRole,
  listDatabaseSettings,
  listExtensions,
  mayBecome,
  readScratchFacts,
} from './scratch-queries.ts';
import { readSurroundings, takeOnSurroundings } from './surroundings.ts';

/** Where something may be built to be looked at. */
export interface ScratchOptions {
  /** The database that is asked about: its role builds, and its settings hold. */
  readonly url: string;
  /** A role on the same server that may create databases. Default: the role of `url`. */
  readonly adminUrl?: string | undefined;
  /** Elsewhere: in this database when it is empty, and it is emptied again; else in one made beside it. */
  readonly scratchUrl?: string | undefined;
  /** Builds as this role where the one of the URL may act as it: default privileges hang on the role. */
  readonly owner?: string | undefined;
  /** What is there besides nothing: its rights in `public`, default privileges and roles. Default: what PostgreSQL makes. */
  readonly like?: Catalog | undefined;
  readonly clock?: Clock;
  /** Gives up, also in the middle of a statement; what was made is removed all the same. */
  readonly signal?: AbortSignal | undefined;
}

/** A database that is made empty, and removed or emptied. */
export interface ScratchPlace {
  /** Makes it ready, and says how to reach it as the role that builds. */
  prepare(): Promise<string>;
  clear(): Promise<void>;
}

/**
 * Decides where to build: in the given database when that is empty, else in a new one. Makes nothing yet.
 * @throws `scratch_unavailable`, or `usage` when the given database is not empty and none can be made beside it
 */
export async function findPlace(admin: Connection, options: ScratchOptions): Promise<ScratchPlace> {
  const { database, role, mayCreate } = await readScratchFacts(admin);
  const objects = options.scratchUrl === undefined ? undefined : await countObjects(admin);
  if (objects === 0) return givenPlace(admin, options);
  if (mayCreate) return createdPlace(admin, options);
  const create = `The role ${role} may not create a scratch database beside ${database}`;
  if (objects === undefined) throw unavailable(create, role);
  const message = `The scratch database ${database} is not empty: it holds ${objects} objects, and ${role} may not create another one. Nothing was changed; give the URL of an empty one`;
  throw new HoldfastError('usage', message, { details: { objects } });
}

function unavailable(problem: string, role: string, cause?: unknown): HoldfastError {
  const message = `${problem}. As a superuser, run: alter role ${role} createdb; or give with --scratch-url an empty database, or another server where one may be made`;
  return new HoldfastError('scratch_unavailable', message, { cause, details: { role } });
}

function createdPlace(admin: Connection, options: ScratchOptions): ScratchPlace {
  const { url, adminUrl = url, scratchUrl, like, clock = systemClock } = options;
  const name = `holdfast_scratch_${Math.floor(clock.now() / 1_000)}_${randomBytes(4).toString('hex')}`;
  return {
    prepare: async () => {
      const builderUrl = await urlOfBuilder(options);
      await makeDatabase(admin, name, await onceAt(builderUrl, findCurrentRole));
      await copySettings(admin, name, await onceAt(url, listDatabaseSettings));
      if (like !== undefined) {
        const inside = withDatabase(scratchUrl ?? adminUrl, name);
        await onceAt(inside, connection => takeOnSurroundings(connection, like));
      }
      return withDatabase(builderUrl, name);
    },
    clear: () => dropScratch(admin, name),
  };
}

async function makeDatabase(admin: Connection, name: string, owner: string): Promise<void> {
  try {
    await createScratch(admin, name, owner);
  } catch (cause) {
    if (sqlState(cause) !== '42501') throw cause;
    throw unavailable(
      `A scratch database for ${owner} cannot be made (${errorMessage(cause)})`,
      owner,
      cause,
    );
  }
}

async function givenPlace(admin: Connection, options: ScratchOptions): Promise<ScratchPlace> {
  const before = await readSurroundings(admin);
  const kept = await listExtensions(admin);
  return {
    prepare: async () => {
      if (options.like !== undefined) await takeOnSurroundings(admin, options.like);
      return urlOfBuilder(options);
    },
    clear: async () => {
      await admin.script(DROP_OBJECTS);
      const made = (await listExtensions(admin)).filter(name => !kept.includes(name));
      for (const name of made) await dropExtension(admin, name);
      await takeOnSurroundings(admin, before);
    },
  };
}

async function urlOfBuilder({ url, scratchUrl, owner }: ScratchOptions): Promise<string> {
  const builderUrl = scratchUrl ?? url;
  if (owner === undefined) return builderUrl;
  if (!(await onceAt(builderUrl, connection => mayBecome(connection, owner)))) return builderUrl;
  const changed = new URL(builderUrl);
  const role = owner.replaceAll(/[\\ ]/g, character => `\\${character}`);
  changed.searchParams.set('options', `${changed.searchParams.get('options') ?? ''} -c role=${role}`.trim());
  return changed.href;
}

async function onceAt<T>(url: string, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await connect({ url, applicationName: 'holdfast-scratch' });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}
