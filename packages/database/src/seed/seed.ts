import type { Statement } from '../sql-script/split-statements.ts';

export const ENVIRONMENTS = ['development', 'test', 'production'] as const;

/** The kind of environment a process runs in, as in NODE_ENV. */
export type Environment = (typeof ENVIRONMENTS)[number];

/** A set of rows that can be put into a database again and again. */
export interface Seed {
  /** The name of its file without `.sql`. */
  readonly name: string;
  readonly file: string;
  /** Where it may be applied; from the line `-- environments: …` at the top of the file, where `all` means all. */
  readonly environments: readonly Environment[];
  /** The comment at the top of the file, without that line. */
  readonly description: string;
  /** SHA-256 of the file, in hex. */
  readonly checksum: string;
  readonly statements: readonly Statement[];
}
