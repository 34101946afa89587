import { maskUrl } from '@holdfast/core';
import { readClusterState } from '@holdfast/postgres/cluster';
import type { OtherTarget } from '../config/other-target.ts';
import type { Target } from '../target.ts';

/** How the database is reached by whom. URLs with passwords never leave the run. */
export interface Addresses {
  readonly app: string | undefined;
  /** As the role that owns the tables. */
  readonly owner: string | undefined;
  /** As a superuser where one is known; else the same as `owner`. */
  readonly administrator: string | undefined;
}

export async function addressesOf({ database }: Target | OtherTarget): Promise<Addresses> {
  const { appUrl: app, ownerUrl, embedded } = database;
  const cluster =
    embedded?.inUse === true ? await readClusterState(embedded.home).catch(() => undefined) : undefined;
  const administrator =
    cluster === undefined ? undefined : inDatabaseOf(cluster.superuserUrl, app ?? cluster.ownerUrl);
  const owner = ownOwner(ownerUrl, cluster?.ownerUrl, administrator) ?? app;
  return { app, owner, administrator: administrator ?? owner };
}

/** What the superuser makes belongs to the superuser: the owner of the embedded database is the owner of its tables. */
function ownOwner(
  configured: string | undefined,
  embedded: string | undefined,
  administrator: string | undefined,
): string | undefined {
  const isSuperuser = configured !== undefined && configured === administrator;
  return isSuperuser ? embedded : (configured ?? embedded);
}

function inDatabaseOf(url: string, other: string): string {
  const changed = new URL(url);
  changed.pathname = new URL(other).pathname;
  return changed.href;
}

/**
 * The address of the database that is repaired, without its password; null for the embedded one of the state directory, whose port may
 * change, and where no address is known.
 */
export function databaseAddress({ database }: Target | OtherTarget): string | null {
  const { appUrl, embedded } = database;
  return embedded?.inUse === true || appUrl === undefined ? null : maskUrl(appUrl);
}

/** Whether two addresses lead to one database, whoever signs in there and however. */
export function isSameDatabase(one: string | null, other: string | null): boolean {
  if (one === null || other === null) return one === other;
  return placeOf(one) === placeOf(other);
}

const DEFAULT_PORT = '5432';

function placeOf(url: string): string {
  if (!URL.canParse(url)) return url;
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port || DEFAULT_PORT}${pathname}`;
}
