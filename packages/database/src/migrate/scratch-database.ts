import { randomBytes } from 'node:crypto';
import { type Clock, HoldfastError, systemClock } from '@holdfast/core';
import { type Connection, connect, sql } from '@holdfast/postgres';
import {
  countObjects,
  createScratch,
  DROP_OBJECTS,
  dropExtension,
  dropScratch,
  listAbandonedScratches,
  listDatabaseSettings,
  listExtensions,
  readScratchFacts,
} from './scratch-queries.ts';

/** Where something may be built to be looked at. */
export interface ScratchOptions {
  /** The database that is asked about: its server and role make the scratch database. */
  readonly url: string;
  /** An empty database to use instead; it is emptied again, but for the extensions that are in it. */
  readonly scratchUrl?: string | undefined;
  readonly clock?: Clock;
}

/** A database with nothing in it. */
export interface Scratch {
  /** A session in it, until the next `renew`. */
  connection(): Connection;
  /** Makes it empty again. */
  renew(): Promise<void>;
}

const ABANDONED_MS = 3_600_000;

/**
 * Runs work with an empty database, which is gone (or empty again) afterwards. What a killed process left is removed by the
 * next one after an hour.
 * @throws `scratch_unavailable` when the role may not create one and none was given; `usage` when the given one is not empty
 */
export function withScratch<T>(options: ScratchOptions, work: (scratch: Scratch) => Promise<T>): Promise<T> {
  return options.scratchUrl === undefined ? withCreated(options, work) : withGiven(options.scratchUrl, work);
}

async function withCreated<T>(
  { url, clock = systemClock }: ScratchOptions,
  work: (scratch: Scratch) => Promise<T>,
): Promise<T> {
  const admin = await connect({ url, applicationName: 'holdfast-scratch' });
  const name = `holdfast_scratch_${clock.now()}_${randomBytes(3).toString('hex')}`;
  let current: Connection | undefined;
  const open = async (): Promise<void> => {
    await createScratch(admin, name);
    await copySettings(admin, name);
    current = await connect({ url: databaseUrl(url, name), applicationName: 'holdfast-scratch' });
  };
  const drop = async (): Promise<void> => {
    await current?.close();
    await dropScratch(admin, name);
  };
  try {
    await refuseUnable(admin);
    for (const abandoned of await listAbandonedScratches(admin, clock.now() - ABANDONED_MS)) {
      await dropScratch(admin, abandoned);
    }
    await open();
    return await work({
      connection: () => present(current),
      renew: async () => {
        await drop();
        await open();
      },
    });
  } finally {
    await drop().finally(() => admin.close());
  }
}

async function refuseUnable(admin: Connection): Promise<void> {
  const { database, role, mayCreate } = await readScratchFacts(admin);
  if (mayCreate) return;
  const message =
    `The role ${role} may not create a scratch database beside ${database}. As a superuser, run: alter role ` +
    `${role} createdb; or make an empty database and give its URL as the scratch URL`;
  throw new HoldfastError('scratch_unavailable', message, { details: { role, database } });
}

/** A search_path of the database decides where migrations put things. */
async function copySettings(admin: Connection, name: string): Promise<void> {
  for (const setting of await listDatabaseSettings(admin)) {
    const at = setting.indexOf('=');
    const variable = setting.slice(0, at);
    // lists are stored as they are written, with their quotes
    const value =
      variable === 'search_path' ? setting.slice(at + 1) : sql.literal(setting.slice(at + 1)).text;
    const parts = variable.split('.') as [string, ...string[]];
    await admin.script(`alter database ${sql.id(name).text} set ${sql.id(...parts).text} = ${value}`);
  }
}

async function withGiven<T>(url: string, work: (scratch: Scratch) => Promise<T>): Promise<T> {
  const connection = await connect({ url, applicationName: 'holdfast-scratch' });
  try {
    const kept = await listExtensions(connection);
    const renew = async (): Promise<void> => {
      await connection.script(`reset all; reset role; ${DROP_OBJECTS}`);
      const made = (await listExtensions(connection)).filter(name => !kept.includes(name));
      for (const name of made) await dropExtension(connection, name);
    };
    const objects = await countObjects(connection);
    if (objects > 0) {
      const message = `The scratch database is not empty: it holds ${objects} objects. Nothing was changed; give the URL of an empty one`;
      throw new HoldfastError('usage', message, { details: { objects } });
    }
    return await work({ connection: () => connection, renew }).finally(renew);
  } finally {
    await connection.close();
  }
}

function databaseUrl(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

function present(connection: Connection | undefined): Connection {
  if (connection !== undefined) return connection;
  throw new HoldfastError('internal', 'The scratch database is not open');
}
