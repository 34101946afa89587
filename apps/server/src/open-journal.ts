import { isAbsolute, join } from 'node:path';
import { journalPath, openFileJournal, type RevocationJournal } from '@holdfast/auth';
import { openRedisJournal } from '@holdfast/auth/redis';
import { HoldfastError, type Settings } from '@holdfast/core';

/**
 * The revocation journal of the settings: a file, by default in the state directory, or a Redis stream. Relative paths
 * are relative to the state directory.
 * @throws HoldfastError `configuration_invalid` for `redis` without REDIS_URL.
 */
export function openJournal(
  { revocationJournal, redisUrl }: Pick<Settings, 'revocationJournal' | 'redisUrl'>,
  home: string,
): RevocationJournal {
  if (revocationJournal === 'redis') {
    if (redisUrl !== undefined) return openRedisJournal({ url: redisUrl });
    const message = 'HOLDFAST_REVOCATION_JOURNAL is redis, but REDIS_URL is not set.';
    throw new HoldfastError('configuration_invalid', message);
  }
  if (revocationJournal === undefined) return openFileJournal(journalPath(home));
  return openFileJournal(isAbsolute(revocationJournal) ? revocationJournal : join(home, revocationJournal));
}
