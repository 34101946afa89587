import { programConnection } from '../programs/connection-environment.ts';

/** How pgBackRest reaches the server. It knows sockets alone, but what it does not say, libpq takes from the environment. */
export interface PgbackrestConnection {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

const VARIABLES: Readonly<Record<string, string>> = {
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
};

/** As the role that a URL leads to; the password goes where nobody can read it. */
export function pgbackrestConnection(url: string, role: string): PgbackrestConnection {
  const { hostname, port, pathname, searchParams } = new URL(url);
  const host = searchParams.get('host') ?? hostname.replace(/^\[(.*)\]$/, '$1');
  const database = decodeURIComponent(pathname.slice(1));
  const given = Object.entries(VARIABLES).flatMap(([name, variable]) => {
    const value = searchParams.get(name);
    return value === null ? [] : [[variable, value] as const];
  });
  return {
    args: [
      `--pg1-port=${port || searchParams.get('port') || 5_432}`,
      `--pg1-user=${role}`,
      `--pg1-database=${database === '' ? role : database}`,
    ],
    environment: {
      ...programConnection(url).environment,
      ...(host === '' ? {} : { PGHOST: decodeURIComponent(host) }),
      ...Object.fromEntries(given),
    },
  };
}
