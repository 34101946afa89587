import { recordRestore } from '@holdfast/auth';
import { HoldfastError } from '@holdfast/core';
import { BEFORE_REPAIR } from '@holdfast/database/backup';
import type { BackupFacts } from '@holdfast/database/health';
import { materializeBackup } from '@holdfast/database/restore';
import type { OpenBackup, RepairTools } from '@holdfast/doctor';
import { ensureHome, homePaths, readRevocations } from '@holdfast/keeper';
import { sql } from '@holdfast/postgres';
import { readClusterState } from '@holdfast/postgres/cluster';
import { readBackupFacts } from '../../backup/backup-facts.ts';
import { openPlaces } from '../../backup/backup-places.ts';
import { chooseEngine } from '../../backup/make/choose-engine.ts';
import { inDatabaseOf } from '../../backup/make/make-backup.ts';
import { runBackup } from '../../backup/make/run-backup.ts';
import { progressLines } from '../../backup/progress-lines.ts';
import { type OwnerAccess, withOwnerAccess, withOwnerConnection } from '../../database-access.ts';
import type { Configuration } from '../../env.ts';
import { findOrigin } from '../../restore/find-origin.ts';
import { programPlaces } from '../../restore/program-places.ts';
import { recoverSessions } from '../../restore/recover-sessions.ts';
import { findScratchPlace, removeScratchOfKilledRuns } from '../../restore/scratch-place.ts';
import { databaseOf, labelOf, momentOf } from '../../restore/tables-of-backup.ts';
import { version } from '../../version.ts';
import { startEmbedded, startOwnServer } from './start-parts.ts';
import type { ToolContext } from './tool-context.ts';

const SCRATCH_PREFIX = 'repair-';
const JOBS = 2;

/** What the repair of a Holdfast has at hand. */
export function ownTools(tools: ToolContext): RepairTools {
  return {
    ...backupTools(tools),
    recordRestore: restoredTo => recordLoss(tools, restoredTo),
    startServer: () => startOwnServer(tools),
    startDatabase: () => startEmbedded(tools),
  };
}

/** What the repair of another system has at hand: backups where a place for them is named, and no processes. */
export function otherTools(tools: ToolContext): RepairTools {
  const { backups, backupDir } = tools.configuration.settings;
  if (backups.length > 0 || backupDir !== undefined) return backupTools(tools);
  return { whyNoBackup: 'HOLDFAST_BACKUPS names no place for one', version: version() };
}

function backupTools(tools: ToolContext): RepairTools {
  return {
    backup: () => backUp(tools),
    backups: async () => (await knownBackups(tools.configuration)).filter(isSound),
    passedOver: async () => (await knownBackups(tools.configuration)).filter(backup => !isSound(backup)),
    removeLeftovers: async () => void (await removeScratchOfKilledRuns(tools.configuration)),
    reachOf: id => reachOf(tools.configuration, id),
    openBackup: id => openBackup(tools, id),
    version: version(),
  };
}

async function knownBackups(configuration: Configuration): Promise<readonly BackupFacts[]> {
  return readBackupFacts(configuration);
}

/** Those from before a repair hold what was broken then. */
function isSound({ label }: BackupFacts): boolean {
  return label !== BEFORE_REPAIR;
}

async function reachOf(configuration: Configuration, id: string): Promise<string | undefined> {
  const { reach } = await findOrigin(await openPlaces(configuration), id, { kind: 'latest' });
  return reach.target.kind === 'backup' ? undefined : (reach.at ?? undefined);
}

async function backUp(tools: ToolContext): Promise<string> {
  const { context, configuration, signal } = tools;
  const { terminal, environment } = context;
  await ensureHome(homePaths(configuration.home));
  const { repositories } = await openPlaces(configuration, { create: true });
  const results = await withBackupAccess(tools, access => {
    const isEmbedded = access.adminUrl !== access.url;
    const wish = {
      engine: chooseEngine(undefined, isEmbedded),
      url: isEmbedded ? inDatabaseOf(access.adminUrl, access.url) : access.url,
      compression: configuration.settings.backupCompression,
      plain: false,
      validate: 'decode' as const,
      label: BEFORE_REPAIR,
      jobs: JOBS,
    };
    const onProgress = progressLines(terminal);
    return runBackup(wish, { configuration, environment, repositories, signal, onProgress });
  });
  const made = results.find(
    ({ manifest, validation }) => manifest !== undefined && validation?.result === 'valid',
  );
  if (made?.manifest !== undefined) return made.manifest.id;
  const why = results.map(({ destination, trouble }) => `${destination}: ${trouble ?? 'it is damaged'}`);
  throw new HoldfastError('backup_failed', why.join('; '));
}

/** The embedded PostgreSQL is copied as a whole, also where another URL leads to it: nothing has to be installed for that. */
async function withBackupAccess<T>(
  { context, configuration, embedded }: ToolContext,
  work: (access: OwnerAccess) => Promise<T>,
): Promise<T> {
  const cluster = embedded ? await readClusterState(configuration.home) : undefined;
  if (cluster !== undefined) return work({ url: cluster.ownerUrl, adminUrl: cluster.superuserUrl });
  return withOwnerAccess(configuration, context.terminal, context.flags['database-url'], work);
}

/** As `holdfast restore-epoch` does. */
async function recordLoss({ context, configuration }: ToolContext, restoredTo: Date): Promise<string> {
  const entries = await readRevocations(configuration);
  return withOwnerConnection(configuration, context.terminal, async connection => {
    const { now } = await connection.one(sql<{ now: Date }>`select pg_catalog.clock_timestamp() as now`);
    const restore = { restoredTo, restoredAt: now, note: 'holdfast doctor --fix' };
    const { revocations } = await recordRestore(connection, restore, entries);
    return `${revocations.length} sessions ended again`;
  });
}

/** Brings a backup to life beside, for as long as rows are read out of it. */
async function openBackup({ context, configuration, signal }: ToolContext, id: string): Promise<OpenBackup> {
  const { terminal, environment } = context;
  const target = { kind: 'backup' } as const;
  const { repository, backup, archive } = await findOrigin(await openPlaces(configuration), id, target);
  const restored = await materializeBackup({
    ...(await findScratchPlace(configuration, SCRATCH_PREFIX)),
    ...{ repository, backup, archive, target, purpose: 'drill', signal },
    programs: programPlaces(configuration, environment),
    jobs: JOBS,
    onProgress: progressLines(terminal),
  });
  const sessions = { restoredTo: momentOf(restored), journal: await readRevocations(configuration) };
  return {
    urlOf: name => restored.urlOf(databaseOf(restored, `postgresql://any/${encodeURIComponent(name)}`)),
    label: labelOf(restored),
    beforeCommit: recoverSessions(sessions, labelOf(restored)),
    discard: () => restored.discard(),
  };
}
