import { Readable } from 'node:stream';
import { HoldfastError } from '@holdfast/core';
import { formatLsn, parseLsn, parseSegmentBytes, segmentStart } from '@holdfast/postgres';
import type { ClusterSession } from './cluster-session.ts';
import { type TarredFile, tarOfFiles } from './tar-of-files.ts';
import { type WalFile, walFiles } from './wal-files.ts';

/** Where the WAL of a backup begins. */
export interface WalBeginning {
  readonly timeline: number;
  readonly startLsn: string;
}

/**
 * Stores the WAL from where a backup begins up to a position that becomes known meanwhile, as files (`data/pg_wal/…`) or as
 * `pg_wal.tar`. The slot of the session's name must hold it.
 */
export async function storeWal(
  { writer, wal, name }: Pick<ClusterSession, 'writer' | 'wal' | 'name'>,
  { timeline, startLsn }: WalBeginning,
  end: Promise<string>,
  form: 'files' | 'tar',
): Promise<void> {
  const size = parseSegmentBytes(await wal.show('wal_segment_size'));
  if (size === undefined)
    throw new HoldfastError('backup_failed', 'The server has WAL segments of a strange size.');
  const from = formatLsn(segmentStart(parseLsn(startLsn), size));
  const history = timeline === 1 ? undefined : await wal.timelineHistory(timeline);
  const stream = await wal.streamWal({ slot: name, timeline, from });
  const files = withHistory(history, walFiles({ stream, timeline, segmentBytes: size, from, end }), size);
  if (form === 'files') {
    for await (const file of files) await writer.write(`data/pg_wal/${file.name}`, file.data);
  } else {
    await writer.write('pg_wal.tar', tarOfFiles(files));
  }
  await stream.stop();
}

/** Beyond the first timeline recovery wants to know where it came from. */
async function* withHistory(
  history: { readonly fileName: string; readonly content: Buffer } | undefined,
  segments: AsyncIterable<WalFile>,
  bytes: number,
): AsyncGenerator<TarredFile> {
  if (history !== undefined) {
    const { fileName, content } = history;
    yield { name: fileName, bytes: content.length, data: Readable.from([content]) };
  }
  for await (const segment of segments) yield { ...segment, bytes };
}
