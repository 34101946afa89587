import { purgePolicies } from '@holdfast/auth/cleanup';
import { BEFORE_REPAIR } from '@holdfast/database/backup';
import type { BackupReader } from '@holdfast/doctor';
import { readBackupFacts } from '../backup/backup-facts.ts';
import type { Configuration } from '../env.ts';

/**
 * What the configured backups know of rows that are meant to last. Sessions, attempts and the like come and go: that there are
 * fewer of them than in the last backup says nothing.
 */
export function lastingRows(configuration: Configuration): BackupReader {
  const passing = passingTables(configuration);
  return async () => {
    const facts = await readBackupFacts(configuration);
    const sound = facts.filter(({ label }) => label !== BEFORE_REPAIR);
    return sound.map(({ tables, ...backup }) => ({
      ...backup,
      tables: tables.filter(({ schema, name }) => schema !== 'public' || !passing.has(name)),
    }));
  };
}

function passingTables({ settings }: Configuration): ReadonlySet<string> {
  const policies = purgePolicies({
    refreshTtlMs: settings.refreshTokenTtl,
    accessTtlMs: settings.accessTokenTtl,
  });
  const passing = policies.filter(({ kind, clear }) => kind !== 'deleted' && clear === undefined);
  return new Set(passing.flatMap(({ table, owns = [] }) => [table, ...owns]));
}
