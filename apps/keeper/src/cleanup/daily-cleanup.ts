import { SYSTEM_ACTOR } from '@holdfast/auth/audit';
import { type CleanupRun, readPolicyFile } from '@holdfast/database/cleanup';
import { connect } from '@holdfast/postgres';
import type { KeeperCore } from '../keeper-core.ts';
import { oneLine } from '../process/log-reason.ts';
import { cleanDatabase } from './clean-database.ts';
import { type CleanupSchedule, scheduleCleanup } from './schedule-cleanup.ts';

type CleanupCore = Pick<
  KeeperCore,
  'settings' | 'database' | 'clock' | 'stopping' | 'cleanups' | 'logger' | 'tell'
>;

/** The keeper's daily cleanup of wherever the database is, with what the settings say may go. */
export function startDailyCleanup(core: CleanupCore): CleanupSchedule {
  return scheduleCleanup({
    hour: core.settings.cleanupHour,
    run: () => runOnce(core),
    file: core.cleanups,
    clock: core.clock,
    signal: core.stopping.signal,
    random: Math.random,
    onRecord: record => {
      core.logger.info({ cleanup: record }, 'cleanup');
      if (record.outcome === 'failed') {
        core.tell(`the daily cleanup failed: ${oneLine(record.reason ?? '')}`, 'trouble');
      }
    },
  });
}

async function runOnce({
  settings,
  database,
  clock,
  stopping,
}: CleanupCore): Promise<CleanupRun | undefined> {
  if (database.url === undefined) return undefined;
  const { cleanupRetention, cleanupDeletedRetention, cleanupAuditRetention, cleanupPolicy } = settings;
  const entries = cleanupPolicy === undefined ? [] : await readPolicyFile(cleanupPolicy);
  const connection = await connect({ url: database.url, applicationName: 'holdfast-cleanup' });
  try {
    return await cleanDatabase({
      connection,
      settings,
      actor: SYSTEM_ACTOR,
      retentionMs: cleanupRetention,
      kinds: {
        ...(cleanupDeletedRetention === undefined ? {} : { deleted: cleanupDeletedRetention }),
        ...(cleanupAuditRetention === undefined ? {} : { record: cleanupAuditRetention }),
      },
      // a setting is the word that is asked for, for what it names
      confirmed: [
        ...(cleanupDeletedRetention === undefined ? [] : (['deleted'] as const)),
        ...(cleanupAuditRetention === undefined ? [] : (['record'] as const)),
      ],
      entries,
      clock,
      signal: stopping.signal,
    });
  } finally {
    await connection.close();
  }
}
