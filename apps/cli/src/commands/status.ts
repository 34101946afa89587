import { errorMessage } from '@holdfast/core';
import { migrationsDirectory } from '@holdfast/database';
import { migrationStatus, readMigrations } from '@holdfast/database/migrate';
import {
  type CleanupRecord,
  findRunningKeeper,
  homePaths,
  type Incident,
  type LastRuns,
  processStart,
  type RunRecord,
  readCleanup,
  readIncidents,
  readRuns,
  readWalStatus,
  type WalStatus,
} from '@holdfast/keeper';
import { connect } from '@holdfast/postgres';
import { discardCopiedRun, inspectCluster } from '@holdfast/postgres/cluster';
import { defineCommand } from '../command.ts';
import type { Configuration } from '../env.ts';
import { findDatabaseUrl, findServer, lookAtDatabase, lookAtUrl } from '../look.ts';
import { PROJECT_OPTIONS } from '../migrate/options.ts';
import { runStatus } from '../migrate/status.ts';
import type { Terminal } from '../terminal.ts';

interface PartLine {
  readonly part: 'keeper' | 'server' | 'postgres';
  readonly state: 'running' | 'not running' | 'does not answer';
  readonly pid: number | null;
  readonly since: string | null;
  readonly url: string | null;
  readonly reason: string | null;
}

interface Migrations {
  readonly version: string | null;
  readonly applied: number;
  readonly pending: number;
  readonly upToDate: boolean | null;
  /** Why it is not known, or what is wrong with them. */
  readonly reason: string | null;
}

const SHOWN_INCIDENTS = 5;

/** `holdfast status`: each part, the migrations, the last incidents; works with everything dead. */
export const status = defineCommand({
  usage: '',
  description:
    'Shows each part with its pid and since when it runs, the state of the migrations, and the last incidents. It looks for itself and needs neither the keeper nor the database. With --migrations it shows the migrations of another project alone, as holdfast migrate status does.',
  options: PROJECT_OPTIONS,
  examples: [
    ['holdfast status', 'what runs on ./.holdfast'],
    [
      'holdfast --database-url postgresql://… status --migrations db/migrations',
      'how far the migrations of another project are',
    ],
    ['holdfast status --json', 'the same for programs'],
  ],
  exitStatus: [
    [0, 'everything runs and the migrations are up to date'],
    [1, 'something does not run or is not up to date'],
    [2, 'a setting or an option is wrong'],
    [3, 'with --migrations: the database is not available'],
  ],
  run: async context => {
    if (context.options.migrations !== undefined) return runStatus(context);
    const { configuration, terminal } = context;
    const effective = configuration();
    await discardCopiedRun(effective.home);
    const [parts, migrations, incidents, cleanup, backups] = await Promise.all([
      findParts(effective),
      findMigrations(effective),
      readIncidents(homePaths(effective.home).incidents, SHOWN_INCIDENTS),
      readCleanup(homePaths(effective.home).cleanups),
      readRuns(homePaths(effective.home).backupRuns),
    ]);
    const ok = parts.every(({ state }) => state === 'running') && migrations.upToDate === true;
    const wal = walOf(effective, parts);
    const result = {
      ...{ ok, home: effective.home, parts, migrations, incidents, backups, wal },
      cleanup: cleanup ?? null,
    };
    terminal.result(result, () => renderStatus(result, terminal));
    return ok ? 0 : 1;
  },
});

async function findParts(configuration: Configuration): Promise<PartLine[]> {
  return Promise.all([keeperLine(configuration), serverLine(configuration), postgresLine(configuration)]);
}

async function keeperLine({ home }: Configuration): Promise<PartLine> {
  const keeper = findRunningKeeper(homePaths(home));
  if (keeper === undefined) return notRunning('keeper');
  const { pid, url, startedAt } = keeper.run;
  const look = await lookAtUrl(`${url}/ops/v1/status`);
  return { part: 'keeper', state: stateOf(look.ok), pid, since: startedAt, url, reason: look.reason };
}

async function serverLine(configuration: Configuration): Promise<PartLine> {
  const server = findServer(configuration.home);
  const url = server?.url ?? configuration.settings.apiUrl;
  if (url === undefined) return notRunning('server');
  const look = await lookAtUrl(`${url}/health`);
  return {
    part: 'server',
    state: stateOf(look.ok),
    pid: server?.pid ?? null,
    since: server?.startedAt ?? null,
    url,
    reason: look.reason,
  };
}

async function postgresLine(configuration: Configuration): Promise<PartLine> {
  const url = await findDatabaseUrl(configuration);
  const inspection = await inspectCluster(configuration.home);
  const isEmbedded = configuration.settings.databaseUrl === undefined;
  if (url === undefined || (isEmbedded && inspection.state !== 'running')) return notRunning('postgres');
  const look = await lookAtDatabase(url);
  const pid = isEmbedded && inspection.state === 'running' ? inspection.pid : null;
  const { host } = new URL(url);
  const since = pid === null ? null : (processStart(pid)?.toISOString() ?? null);
  return { part: 'postgres', state: stateOf(look.ok), pid, since, url: host, reason: look.reason };
}

function stateOf(answers: boolean): PartLine['state'] {
  return answers ? 'running' : 'does not answer';
}

function notRunning(part: PartLine['part']): PartLine {
  return { part, state: 'not running', pid: null, since: null, url: null, reason: null };
}

async function findMigrations(configuration: Configuration): Promise<Migrations> {
  const url = configuration.settings.ownerDatabaseUrl ?? (await findDatabaseUrl(configuration));
  if (url === undefined) return unknownMigrations('there is no database yet');
  try {
    const connection = await connect({ url, connectTimeoutMs: 3_000, statementTimeoutMs: 3_000 });
    try {
      const found = await migrationStatus(connection, await readMigrations(migrationsDirectory()));
      const { applied, pending, half_done: halfDone, tampered } = found.counts;
      const wrong = [
        ...(halfDone > 0 ? [`${halfDone} half done`] : []),
        ...(tampered > 0 ? [`${tampered} changed`] : []),
      ];
      const reason = wrong.length === 0 ? null : wrong.join(', ');
      return { version: found.version ?? null, applied, pending, upToDate: found.upToDate, reason };
    } finally {
      await connection.close();
    }
  } catch (error) {
    return unknownMigrations(errorMessage(error));
  }
}

function unknownMigrations(reason: string): Migrations {
  return { version: null, applied: 0, pending: 0, upToDate: null, reason };
}

interface Shown {
  readonly home: string;
  readonly parts: readonly PartLine[];
  readonly migrations: Migrations;
  readonly incidents: readonly Incident[];
  readonly cleanup: CleanupRecord | null;
  readonly backups: LastRuns;
  readonly wal: readonly WalStatus[];
}

function renderStatus(
  { home, parts, migrations, incidents, cleanup, backups, wal }: Shown,
  terminal: Terminal,
): string {
  return [
    `State directory ${home}`,
    '',
    ...parts.map(part => partText(part, terminal)),
    `  migrations  ${migrationsText(migrations)}`,
    ...(cleanup === null ? [] : [`  cleanup     ${cleanupText(cleanup)}`]),
    ...[backups.backup, backups.drill].flatMap(runLines),
    ...wal.map(archive => `  wal         ${walText(archive)}`),
    '',
    incidents.length === 0 ? 'No incidents are recorded.' : 'Last incidents:',
    ...incidents.map(incidentText),
  ].join('\n');
}

function partText({ part, state, pid, since, url, reason }: PartLine, { style }: Terminal): string {
  const facts = [
    pid === null ? undefined : `pid ${pid}`,
    since === null ? undefined : `since ${since}`,
    url ?? undefined,
    reason ?? undefined,
  ].filter(fact => fact !== undefined);
  return `  ${part.padEnd(10)}  ${style(state === 'running' ? 'green' : 'red', state)}${facts.length === 0 ? '' : `, ${facts.join(', ')}`}`;
}

function migrationsText({ version, applied, pending, upToDate, reason }: Migrations): string {
  if (upToDate === null) return `not known: ${reason}`;
  const pendingText = pending === 0 ? '' : `, ${pending} pending`;
  const trouble = reason === null ? '' : `, ${reason}`;
  return `${upToDate ? 'up to date' : 'not up to date'} at ${version ?? 'nothing'} (${applied} applied${pendingText}${trouble})`;
}

function cleanupText({ at, outcome, rows, reason }: CleanupRecord): string {
  const total = Object.values(rows).reduce((sum, count) => sum + count, 0);
  const trouble = reason === null ? '' : `, ${reason}`;
  return `${outcome} at ${at}, ${total} rows${trouble}`;
}

/** What a keeper wrote down that is gone is how it was, not how it is. */
function walOf({ home }: Configuration, parts: readonly PartLine[]): readonly WalStatus[] {
  const isKept = parts.some(({ part, state }) => part === 'keeper' && state !== 'not running');
  return readWalStatus(homePaths(home).walStatus).map(archive =>
    isKept ? archive : { ...archive, state: 'stopped' },
  );
}

function walText({ destination, state, durableLsn, lagBytes, lastReceivedAt, reason }: WalStatus): string {
  const facts = [
    durableLsn === null ? undefined : `everything before ${durableLsn} is safe`,
    lagBytes === null ? undefined : `${lagBytes} bytes behind`,
    lastReceivedAt === null ? undefined : `as of ${lastReceivedAt}`,
    reason ?? undefined,
  ].filter(fact => fact !== undefined);
  return `${state} to ${destination}${facts.length === 0 ? '' : `, ${facts.join(', ')}`}`;
}

/** The last good one, and the last attempt when that failed. */
function runLines({ last, lastGood }: LastRuns['backup']): string[] {
  const text = ({ kind, at, outcome, backup, reason }: RunRecord): string =>
    `  ${kind.padEnd(10)}  ${outcome} at ${at}${backup === null ? '' : `, ${backup}`}${reason === null ? '' : `: ${reason}`}`;
  const shown = last?.outcome === 'failed' ? [lastGood, last] : [last];
  return shown.filter(record => record !== null).map(text);
}

function incidentText({ part, reason, startedAt, recoveredAt }: Incident): string {
  const over = recoveredAt === null ? 'not over yet' : `over at ${recoveredAt}`;
  return `  ${startedAt}  ${part}: ${reason}; ${over}`;
}
