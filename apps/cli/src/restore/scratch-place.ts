import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { removeAbandonedScratch, scratchParent } from '@holdfast/postgres/cluster';
import type { Configuration } from '../env.ts';

/** Where a backup can be brought to life for a while, and who runs PostgreSQL there. */
export interface ScratchPlace {
  /** Not there yet. */
  readonly directory: string;
  readonly systemUser: string | undefined;
  readonly sharedDir: string | undefined;
}

/** What the places of each command that makes some are called. */
const PREFIXES = ['drill-', 'load-', 'repair-', 'tables-'] as const;

/** A new place beside the state directory's own things; what killed runs have left there is removed. */
export async function findScratchPlace(
  configuration: Pick<Configuration, 'home' | 'settings'>,
  prefix: (typeof PREFIXES)[number],
): Promise<ScratchPlace> {
  const { postgresUser: systemUser, postgresDir: sharedDir } = configuration.settings;
  const parent = await removeScratchOfKilledRuns(configuration);
  return { directory: join(parent, `${prefix}${randomBytes(4).toString('hex')}`), systemUser, sharedDir };
}

/** Also of other commands: who was killed may never be run again. @returns where such places are */
export async function removeScratchOfKilledRuns({
  home,
  settings,
}: Pick<Configuration, 'home' | 'settings'>): Promise<string> {
  const { postgresUser: systemUser, postgresDir: sharedDir } = settings;
  const parent = await scratchParent({ home, systemUser, sharedDir });
  for (const prefix of PREFIXES) await removeAbandonedScratch(parent, prefix);
  return parent;
}
