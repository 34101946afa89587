import { readContent, readSequencePositions } from '../../content/read-content.ts';
import type { SequenceState } from '../../content/sequence-queries.ts';
import type { DatabaseContent } from '../../manifest.ts';
import { databaseUrl } from '../server-url.ts';
import type { ExactPoint } from './exact-point.ts';

export interface ClusterContentOptions {
  /** Of any database of the cluster. */
  readonly url: string;
  readonly databases: readonly string[];
  /** A text says why there is none. */
  readonly point: ExactPoint | string;
  /** By database, see {@link snapshotAll}. */
  readonly snapshots: Snapshots;
  readonly sequences: ReadonlyMap<string, readonly SequenceState[]>;
  readonly jobs: number;
  readonly signal: AbortSignal;
  readonly onProgress: (doneBytes: number, totalBytes: number) => void;
}

const MOVED_ON =
  'transactions were committed between the snapshot of the main database and that of this one; back up while it is quieter, or one database by itself with --engine logical';

/** Where the sequences of all databases stand. */
export async function readAllSequences(
  url: string,
  databases: readonly string[],
): Promise<ReadonlyMap<string, readonly SequenceState[]>> {
  const found = new Map<string, readonly SequenceState[]>();
  for (const name of databases) found.set(name, await readSequencePositions(databaseUrl(url, name)));
  return found;
}

export type Snapshots = ReadonlyMap<string, string | undefined>;

/**
 * A snapshot of each database in which the same transactions are visible; undefined for one where others were committed meanwhile.
 * Nothing that takes a transaction id may be done between the point and this.
 */
export async function snapshotAll(
  point: ExactPoint | string,
  {
    url,
    main,
    databases,
  }: { readonly url: string; readonly main: string; readonly databases: readonly string[] },
): Promise<Snapshots> {
  const snapshots = new Map<string, string | undefined>();
  for (const name of databases) snapshots.set(name, await snapshotOf(point, name, main, url));
  return snapshots;
}

/** What the databases of a cluster hold at one point; tables for which there is no such moment are `unread`. */
export async function readClusterContent(options: ClusterContentOptions): Promise<DatabaseContent[]> {
  const { url, databases, point, sequences, snapshots } = options;
  const contents: DatabaseContent[] = [];
  for (const name of databases) {
    const snapshot = snapshots.get(name);
    const before = sequences.get(name);
    contents.push(
      await readContent({
        url: databaseUrl(url, name),
        jobs: options.jobs,
        holds: 'physical',
        signal: options.signal,
        onProgress: options.onProgress,
        ...(snapshot === undefined ? { unread: typeof point === 'string' ? point : MOVED_ON } : { snapshot }),
        ...(before === undefined ? {} : { sequencesBefore: before }),
      }),
    );
  }
  return contents;
}

async function snapshotOf(
  point: ExactPoint | string,
  name: string,
  main: string,
  url: string,
): Promise<string | undefined> {
  if (typeof point === 'string') return undefined;
  return name === main ? point.snapshot : point.elsewhere(databaseUrl(url, name));
}
