import { HoldfastError, systemClock } from '@holdfast/core';
import { type Catalog, type Connection, connect } from '@holdfast/postgres';
import { rolesOf } from './catalog-roles.ts';
import { findPlace, type ScratchOptions, type ScratchPlace } from './scratch-place.ts';
import {
  createRole,
  dropRole,
  dropScratch,
  endSession,
  listForgottenScratch,
  listMissingRoles,
} from './scratch-queries.ts';

/** A database with nothing in it. */
export interface Scratch {
  /** A session in it, until the next `renew`. */
  connection(): Connection;
  /** Makes it empty again. */
  renew(): Promise<void>;
}

const FORGOTTEN_AFTER_S = 3_600;

/**
 * Runs work with an empty database, which is gone (or empty again) afterwards, whatever happens. Roles that the catalog it should be
 * like names and its server lacks are made for that time. What a killed process left is dropped by the next one after an hour.
 * @throws `scratch_unavailable` when none can be made; `usage` when the given one is not empty; the reason of the signal
 */
export async function withScratch<T>(
  options: ScratchOptions,
  work: (scratch: Scratch) => Promise<T>,
): Promise<T> {
  const { url, adminUrl = url, scratchUrl = adminUrl, like, clock = systemClock } = options;
  const admin = await connect({ url: scratchUrl, applicationName: 'holdfast-scratch' });
  const roles: string[] = [];
  try {
    const place = await findPlace(admin, options);
    const before = Math.floor(clock.now() / 1_000) - FORGOTTEN_AFTER_S;
    for (const name of await listForgottenScratch(admin, before)) await dropScratch(admin, name);
    await makeRoles(admin, like, roles);
    return await workIn(place, admin, options.signal, work);
  } finally {
    for (const role of roles) await dropRole(admin, role);
    await admin.close();
  }
}

async function makeRoles(admin: Connection, like: Catalog | undefined, made: string[]): Promise<void> {
  const roles = like === undefined ? [] : rolesOf(like);
  for (const role of await listMissingRoles(admin, roles)) {
    await createRole(admin, role);
    made.push(role);
  }
}

async function workIn<T>(
  place: ScratchPlace,
  admin: Connection,
  signal: AbortSignal | undefined,
  work: (scratch: Scratch) => Promise<T>,
): Promise<T> {
  let current: Connection | undefined;
  const open = async (): Promise<void> => {
    signal?.throwIfAborted();
    current = await connect({ url: await place.prepare(), applicationName: 'holdfast-scratch' });
    signal?.throwIfAborted();
  };
  const clear = async (): Promise<void> => {
    await current?.close();
    current = undefined;
    await place.clear();
  };
  const giveUp = (): void => {
    if (current !== undefined) void endSession(admin, current.processId).catch(() => undefined);
  };
  const renew = async (): Promise<void> => {
    await clear();
    await open();
  };
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    await open();
    return await work({ connection: () => present(current), renew });
  } catch (error) {
    // a session that was ended says so, and not why
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', giveUp);
    await clear();
  }
}

function present(connection: Connection | undefined): Connection {
  if (connection !== undefined) return connection;
  throw new HoldfastError('internal', 'The scratch database is not open');
}
