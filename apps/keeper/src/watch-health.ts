import { readFileSync } from 'node:fs';
import { createFieldReader } from '@holdfast/auth';
import { loadKeyring } from '@holdfast/auth/tokens';
import { errorMessage } from '@holdfast/core';
import { migrationsDirectory } from '@holdfast/database';
import {
  assertThresholds,
  CATALOGUE,
  type PoolFacts,
  parseThresholdFile,
  type ThresholdOverrides,
} from '@holdfast/database/health';
import { type ClusterState, readClusterState } from '@holdfast/postgres/cluster';
import type { KeeperCore } from './keeper-core.ts';
import { type HealthWatch, startHealthWatch } from './records/health-watch.ts';

/**
 * Examines the database at the pace of the settings until the keeper stops. Its own PostgreSQL it sees as the superuser,
 * since only that sees everything; another one as whoever the URL of the owner, or else of the API, says.
 */
export function watchHealth(core: KeeperCore, pool: () => PoolFacts | undefined): HealthWatch {
  const { settings, options } = core;
  return startHealthWatch({
    url: async () => {
      if (core.database.url === undefined) return undefined;
      if (settings.databaseUrl !== undefined) return settings.ownerDatabaseUrl ?? settings.databaseUrl;
      const cluster = await readClusterState(options.home);
      return cluster === undefined ? undefined : superuserDatabaseUrl(cluster);
    },
    sources: async () => {
      const facts = pool();
      const backups = await options.backups?.facts().catch(() => undefined);
      const cluster = settings.databaseUrl === undefined ? await readClusterState(options.home) : undefined;
      const keyring = await loadKeyring({ home: options.home, setting: settings.keyring }).catch(
        () => undefined,
      );
      return {
        ownMigrationsDirectory: migrationsDirectory(),
        ...(facts === undefined ? {} : { pool: facts }),
        ...(backups === undefined ? {} : { backups }),
        ...(cluster === undefined ? {} : { dataDirectory: cluster.dataDir }),
        ...(keyring === undefined ? {} : { encryptionKeys: createFieldReader(keyring) }),
      };
    },
    thresholds: configuredThresholds(core),
    file: core.healthMetrics,
    intervalMs: settings.healthInterval,
    detailedIntervalMs: settings.detailedHealthInterval,
    clock: core.clock,
    signal: core.stopping.signal,
    onTrouble: error => core.logger.error({ err: error }, 'the health of the database could not be examined'),
  });
}

/** The database of the API as the superuser, whose own URL leads to the database `postgres`. */
export function superuserDatabaseUrl({ superuserUrl, appUrl }: ClusterState): string {
  const url = new URL(superuserUrl);
  url.pathname = new URL(appUrl).pathname;
  return url.href;
}

/** A file that is wrong must not keep the keeper from its other work. */
function configuredThresholds(core: KeeperCore): ThresholdOverrides {
  const path = core.settings.healthThresholds;
  if (path === undefined) return {};
  try {
    const thresholds = parseThresholdFile(readFileSync(path, 'utf8'), path);
    assertThresholds(CATALOGUE, thresholds);
    return thresholds;
  } catch (error) {
    core.tell(`health is judged by the default limits: ${errorMessage(error)}`, 'trouble');
    return {};
  }
}
