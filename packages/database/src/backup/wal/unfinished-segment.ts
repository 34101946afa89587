import { createReadStream } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { directoryDestination } from '../store/directory-destination.ts';
import { PARTIAL_ENDING } from './archive-content.ts';
import { type ArchiveName, type ArchivePlace, partialsDirectories, storedName } from './archive-place.ts';
import { DESCRIPTION_ENDING, storeSegment } from './stored-segment.ts';

/** Brings segments being written to where they are from now on. One that is there already has gone on since. */
export async function gatherPartials(place: ArchivePlace, archive: ArchiveName): Promise<void> {
  const [directory, ...former] = partialsDirectories(place, archive);
  if (directory === undefined) return;
  for (const other of former) {
    const names = await readdir(other).catch(() => []);
    for (const name of names.filter(file => file.endsWith(PARTIAL_ENDING))) {
      const isThere = await stat(join(directory, name)).then(
        () => true,
        () => false,
      );
      if (!isThere) await directoryDestination(directory).write(name, createReadStream(join(other, name)));
      await rm(join(other, name), { force: true });
    }
  }
}

/**
 * Stores a segment as far as it is, compressed and encrypted as whole ones are. One that was stored before goes first: a
 * description without its file is never there.
 */
export async function storePartial(
  place: ArchivePlace,
  archive: ArchiveName,
  segment: string,
  path: string,
): Promise<void> {
  await removeStoredPartial(place, archive, segment);
  await storeSegment(place, archive, `${segment}${PARTIAL_ENDING}`, createReadStream(path));
}

/** Its description first, so that an interrupted removal leaves none that cannot be read. */
export async function removeStoredPartial(
  { destination }: ArchivePlace,
  archive: ArchiveName,
  segment: string,
): Promise<void> {
  const local = storedName(archive, `${segment}${PARTIAL_ENDING}`);
  const description = `${local}${DESCRIPTION_ENDING}`;
  const stored = (await destination.list(local)).map(({ name }) => name).filter(name => name !== local);
  if (stored.includes(description)) await destination.remove(description);
  for (const name of stored) await destination.remove(name);
}
