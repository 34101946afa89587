/** What the name of a migration file says. */
export interface MigrationFileName {
  readonly file: string;
  readonly version: string;
  readonly name: string;
  /** `both`: one file with two sections. */
  readonly part: 'both' | 'up' | 'down';
}

const FILE_NAME = /^(\d+)(.*?)(?:\.(up|down))?\.sql$/;

/** Reads `0001_name.sql`, `0001_name.up.sql` or `0001_name.down.sql`; undefined for any other name. */
export function parseFileName(file: string): MigrationFileName | undefined {
  const [, version, rest, part] = FILE_NAME.exec(file) ?? [];
  if (version === undefined || rest === undefined) return undefined;
  return {
    file,
    version,
    name: rest.replace(/^[_-]/, ''),
    part: part === 'up' || part === 'down' ? part : 'both',
  };
}
