import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ParsedSettings } from '@holdfast/core';
import type { BackupFacts } from '@holdfast/database/health';
import { type ClusterState, readClusterState } from '@holdfast/postgres/cluster';
import { whyUnreadable } from './probes/denied.ts';
import { type RunFile, readRunFile } from './probes/run-file.ts';

/** The embedded PostgreSQL of a state directory, running or not. */
export interface EmbeddedTarget {
  readonly home: string;
  readonly port: number;
  /** Whether it is the database of the API; else it merely exists, and the URL of the API names another place. */
  readonly inUse: boolean;
}

/** What there is to examine. URLs with passwords stay in here and are never part of a diagnosis. */
export interface Target {
  readonly home: string;
  /** Why this user cannot tell what the state directory holds; undefined when it can be read. */
  readonly unreadable: string | undefined;
  readonly settings: ParsedSettings;
  readonly server: {
    /** Whether an API server belongs on this machine, or is only known by its URL. */
    readonly expectedHere: boolean;
    readonly url: string | undefined;
    readonly run: RunFile | undefined;
  };
  readonly keeper: { readonly url: string | undefined; readonly run: RunFile | undefined };
  readonly frontend: FrontendTarget | undefined;
  readonly database: {
    /** As the role of the API. */
    readonly appUrl: string | undefined;
    /** As a role that sees more: superuser of the embedded PostgreSQL, or owner of the tables. */
    readonly ownerUrl: string | undefined;
    readonly embedded: EmbeddedTarget | undefined;
  };
  /** The backups of the database, newest first; undefined where nobody can tell. */
  readonly backups: BackupReader | undefined;
  readonly project: ProjectTarget | undefined;
  /** The directory of the migrations that the database should have; undefined for those of this version. */
  readonly migrations: string | undefined;
}

/** The npm project whose packages are looked at. */
export interface ProjectTarget {
  /** With the package.json and the lock; absolute. */
  readonly directory: string;
  /** The version of Node.js that it runs on. Default: the one of the doctor. */
  readonly node?: string;
  /** Whom to ask about vulnerabilities. Default: as npm would. */
  readonly registry?: string;
}

/** The sources of a frontend, and what to compare its calls with. */
export interface FrontendTarget {
  readonly directory: string;
  /** An OpenAPI 3 document: a file, a URL, or `holdfast` for Holdfast's own. */
  readonly openApi?: string;
}

export type BackupReader = () => Promise<readonly BackupFacts[]>;

export interface TargetOptions {
  /** The state directory, absolute. It need not exist. */
  readonly home: string;
  readonly settings: ParsedSettings;
  /** The API to examine instead of the one recorded in the state directory. */
  readonly apiUrl?: string | undefined;
  readonly keeperUrl?: string | undefined;
  readonly frontend?: FrontendTarget | undefined;
  readonly backups?: BackupReader | undefined;
  readonly project?: ProjectTarget | undefined;
  readonly migrations?: string | undefined;
}

/** Finds what belongs to a state directory and its settings. Reads files only; never throws. */
export async function resolveTarget(options: TargetOptions): Promise<Target> {
  const { home, settings, apiUrl, keeperUrl, frontend, backups, project, migrations } = options;
  const unreadable = await whyUnreadable(home);
  const [server, keeper, cluster, ...traces] = await Promise.all([
    readRunFile(join(home, 'run', 'server.json')),
    readRunFile(join(home, 'run', 'keeper.json')),
    readClusterState(home).catch(() => undefined),
    exists(join(home, 'logs', 'server.log')),
    exists(join(home, 'keyring.json')),
  ]);
  const { databaseUrl, ownerDatabaseUrl, apiUrl: configuredApiUrl } = settings.settings;
  const explicitUrl = apiUrl ?? configuredApiUrl;
  const recorded = [server, keeper, cluster].some(trace => trace !== undefined) || traces.includes(true);
  const inUse = databaseUrl === undefined || isOnPort(databaseUrl, cluster?.port);
  return {
    home,
    unreadable,
    settings,
    server: {
      expectedHere: recorded && (explicitUrl === undefined || sameOrigin(explicitUrl, server?.url)),
      url: explicitUrl ?? server?.url,
      run: server,
    },
    keeper: { url: keeperUrl ?? keeper?.url, run: keeper },
    frontend,
    database: {
      appUrl: databaseUrl ?? cluster?.appUrl,
      ownerUrl: ownerDatabaseUrl ?? (cluster !== undefined && inUse ? superuserUrl(cluster) : undefined),
      embedded: cluster === undefined ? undefined : { home, port: cluster.port, inUse },
    },
    backups,
    project,
    migrations,
  };
}

/** Whether there is anything at all to look at. */
export function isExaminable({ unreadable, server, keeper, database, frontend }: Target): boolean {
  return (
    unreadable !== undefined ||
    server.expectedHere ||
    server.url !== undefined ||
    keeper.url !== undefined ||
    database.appUrl !== undefined ||
    frontend !== undefined
  );
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function isOnPort(url: string, port: number | undefined): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname, port: own } = new URL(url);
  return ['127.0.0.1', 'localhost', '[::1]'].includes(hostname) && Number(own) === port;
}

function sameOrigin(url: string, other: string | undefined): boolean {
  return other !== undefined && new URL(url).origin === new URL(other).origin;
}

/** The superuser's URL, in the database of the API. */
function superuserUrl(cluster: ClusterState): string {
  const result = new URL(cluster.superuserUrl);
  result.pathname = new URL(cluster.ownerUrl).pathname;
  return result.href;
}
