import { type Queryable, sql } from '@holdfast/postgres';
import { whyNotHere } from '../../../local-data-directory.ts';

interface ServerPlace {
  /** Null when the role may not see it. */
  readonly dataDirectory: string | null;
  readonly port: number;
  readonly role: string;
  /** Null when the role may not see it. */
  readonly systemIdentifier: string | null;
}

/** The data directory of a server that somebody else has set up, when its files are on this machine and readable. */
export async function findDataDirectory(
  db: Queryable,
): Promise<{ readonly path: string } | { readonly why: string }> {
  const { dataDirectory, port, role, systemIdentifier } = await readServerPlace(db);
  if (dataDirectory === null || systemIdentifier === null)
    return {
      why: `the role ${role} may not see where the data directory is: grant pg_read_all_settings, pg_monitor to ${role};`,
    };
  const why = await whyNotHere({ dataDirectory, port, systemIdentifier });
  if (why === undefined) return { path: dataDirectory };
  return {
    why: `${why}: run this on the machine of the server, as the user of PostgreSQL or as root`,
  };
}

function readServerPlace(db: Queryable): Promise<ServerPlace> {
  return db.one(sql<ServerPlace>`
    select (select setting from pg_catalog.pg_settings where name = 'data_directory') as "dataDirectory",
      pg_catalog.current_setting('port')::int4 as port, current_user::text as role,
      case when pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'execute')
        then (select system_identifier::text from pg_catalog.pg_control_system()) end as "systemIdentifier"
  `);
}
