import type { Configuration } from './env.ts';
import { findDatabaseUrl } from './look.ts';

/** What the configured database is called; undefined when none is known. */
export async function findDatabaseName(configuration: Configuration): Promise<string | undefined> {
  const url = await findDatabaseUrl(configuration);
  return url === undefined ? undefined : databaseNameIn(url);
}

export function databaseNameIn(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1));
}
