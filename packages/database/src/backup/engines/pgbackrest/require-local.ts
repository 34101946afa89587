import { whyNotHere } from '../../../local-data-directory.ts';
import { notPossible } from '../physical/cluster-session.ts';
import type { ClusterPlace } from './origin-queries.ts';

/**
 * Resolves to the data directory of the server when that is on this machine, and readable. pgBackRest reads files where the
 * server says they are: of a server elsewhere it would take a directory of the same name that is here.
 * @throws HoldfastError `backup_not_possible`
 */
export async function requireLocal(place: ClusterPlace, systemIdentifier: string): Promise<string> {
  const { dataDirectory, port } = place;
  if (dataDirectory === null)
    throw notPossible(
      'pgbackrest',
      `the role ${place.role} may not see where the data directory is; grant it pg_read_all_settings, or be a superuser`,
    );
  const why = await whyNotHere({ dataDirectory, port, systemIdentifier });
  if (why === undefined) return dataDirectory;
  throw notPossible(
    'pgbackrest',
    `it reads the files of the server, and ${why}. Run this on the machine of the server, as the user of PostgreSQL or as root; --engine physical works from elsewhere`,
  );
}
