/** A URL as PostgreSQL's programs take it: the password apart, since everybody can read the arguments of a process. */
export interface ProgramConnection {
  readonly url: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Splits a URL for the command line of a client program. */
export function programConnection(url: string): ProgramConnection {
  const plain = new URL(url);
  const password = decodeURIComponent(plain.password) || plain.searchParams.get('password') || undefined;
  plain.password = '';
  plain.searchParams.delete('password');
  return {
    url: plain.href,
    environment: {
      PGAPPNAME: 'holdfast-backup',
      LC_ALL: 'C',
      ...(password === undefined ? {} : { PGPASSWORD: password }),
    },
  };
}
