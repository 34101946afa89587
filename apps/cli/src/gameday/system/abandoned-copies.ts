import { abandonedDirectories } from '@holdfast/database/backup';
import { removeCopy } from './remove-copy.ts';
import { createSystem, type SystemOptions } from './running-system.ts';

/** What the copies of game days are called, in the place where they are made. */
export const COPY_PREFIX = 'holdfast-gameday-';

/**
 * Removes the copies that killed game days left there, with what still runs on them: there are keys in them. One that somebody asked to
 * keep stays.
 */
export async function removeAbandonedCopies(
  options: Omit<SystemOptions, 'home'> & {
    readonly place: string;
    readonly progress: (line: string) => void;
  },
): Promise<void> {
  for (const home of await abandonedDirectories(options.place, COPY_PREFIX)) {
    options.progress(`removing ${home}, which a killed game day left`);
    await createSystem({ ...options, home }).stop();
    await removeCopy(home);
  }
}
