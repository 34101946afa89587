import { HoldfastError } from '@holdfast/core';
import { type Connection, connect } from '@holdfast/postgres';
import { inspectCluster, readClusterState, startCluster } from '@holdfast/postgres/cluster';
import type { Configuration } from './env.ts';
import { explainConnection } from './explain-connection.ts';
import type { Terminal } from './terminal.ts';

/**
 * Runs work on a connection as the role that owns the tables. The embedded PostgreSQL is started for it when it does not
 * run, and stopped again.
 * @throws HoldfastError `not_running` when the state directory has no database yet, `database_unavailable`.
 */
export function withOwnerConnection<T>(
  configuration: Configuration,
  terminal: Terminal,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  return withOwnerUrl(configuration, terminal, undefined, url => onConnection(url, work));
}

/** How to reach the database as its owner, and who may create another one beside it. */
export interface OwnerAccess {
  readonly url: string;
  /** The superuser of the embedded PostgreSQL; else the same as `url`. */
  readonly adminUrl: string;
}

/**
 * Like {@link withOwnerConnection}, for work that opens its connections itself. A URL given on the command line wins over
 * HOLDFAST_OWNER_DATABASE_URL when that leads to another database: what somebody names is what is changed.
 */
export function withOwnerAccess<T>(
  configuration: Configuration,
  terminal: Terminal,
  given: string | undefined,
  work: (access: OwnerAccess) => Promise<T>,
): Promise<T> {
  const { databaseUrl, ownerDatabaseUrl } = configuration.settings;
  const elsewhere = given !== undefined && ownerDatabaseUrl !== undefined && !isSame(given, ownerDatabaseUrl);
  const url = elsewhere ? given : (ownerDatabaseUrl ?? databaseUrl);
  return url === undefined
    ? withEmbedded(configuration, terminal, (ownerUrl, adminUrl) => work({ url: ownerUrl, adminUrl }))
    : work({ url, adminUrl: url });
}

/** The same with the URL alone. */
export function withOwnerUrl<T>(
  configuration: Configuration,
  terminal: Terminal,
  given: string | undefined,
  work: (url: string) => Promise<T>,
): Promise<T> {
  return withOwnerAccess(configuration, terminal, given, ({ url }) => work(url));
}

/** Whether two URLs lead to the same database, whoever they log in as. */
function isSame(one: string, other: string): boolean {
  const place = (url: string): string => {
    const { host, pathname, searchParams } = new URL(url);
    return [host, pathname, searchParams.get('host'), searchParams.get('port')].join(' ');
  };
  return place(one) === place(other);
}

/** A connection; what a server refuses it for comes with what to do about it. */
export async function connectAs(applicationName: string, url: string): Promise<Connection> {
  try {
    return await connect({ url, applicationName });
  } catch (error) {
    throw explainConnection(error, url);
  }
}

/** Runs work on a connection that is closed afterwards. */
export async function onConnection<T>(url: string, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await connectAs('holdfast-cli', url);
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

async function withEmbedded<T>(
  { home, settings }: Configuration,
  terminal: Terminal,
  work: (ownerUrl: string, adminUrl: string) => Promise<T>,
): Promise<T> {
  const { state } = await inspectCluster(home);
  const known = await readClusterState(home);
  if (state === 'absent' || known === undefined) throw noDatabase(home);
  if (state === 'running') return work(known.ownerUrl, known.superuserUrl);
  const cluster = await startCluster({
    home,
    port: settings.postgresPort,
    systemUser: settings.postgresUser,
    sharedDir: settings.postgresDir,
    onProgress: terminal.progress,
  });
  try {
    return await work(cluster.ownerUrl, cluster.superuserUrl);
  } finally {
    await cluster.stop();
  }
}

function noDatabase(home: string): HoldfastError {
  return new HoldfastError(
    'not_running',
    `There is no database yet: DATABASE_URL is not set, and ${home} has none. holdfast start makes one.`,
    { details: { home } },
  );
}
