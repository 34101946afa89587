import { chown, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import { parseLsn } from '@holdfast/postgres';
import type { WalArchive } from '../../backup/wal-archive.ts';
import type { PhysicalPoint } from '../recovery-settings.ts';
import { type UnpackOptions, writeOwnedFile } from './unpack-tar.ts';

const PARTIAL = '.partial';
const HISTORY = '.history';
const SEGMENT = /^[0-9A-F]{24}$/;

export interface StageOptions extends Omit<UnpackOptions, 'directory'> {
  /** Made here. */
  readonly walDir: string;
  readonly dataDir: string;
  readonly point: PhysicalPoint;
  /** Nothing from this position on is needed; undefined for all there is. */
  readonly until: string | undefined;
}

/**
 * Puts the segments that recovery may ask for, and every history, into a directory that `restore_command` copies from. What the
 * backup holds itself is not taken again, but for its last segment, which the archive may have more of.
 */
export async function stageWal(archive: WalArchive, options: StageOptions): Promise<void> {
  const { walDir, dataDir, owner } = options;
  await mkdir(walDir, { mode: 0o700 });
  if (owner !== undefined) await chown(walDir, owner.uid, owner.gid);
  const own = (await readdir(join(dataDir, 'pg_wal'))).filter(name => SEGMENT.test(name)).sort();
  const listed = await archive.list();
  for (const name of chooseSegments(
    listed.map(entry => entry.name),
    own,
    archive.segmentBytes,
    options,
  )) {
    options.signal.throwIfAborted();
    await stageOne(archive, name, options);
  }
}

/** Puts the histories alone there. What cannot be had, as one that is encrypted without an identity, is left out. */
export async function stageHistories(
  archive: WalArchive,
  options: Omit<StageOptions, 'dataDir' | 'point' | 'until'>,
): Promise<void> {
  const { walDir, owner, signal } = options;
  await mkdir(walDir, { mode: 0o700 });
  if (owner !== undefined) await chown(walDir, owner.uid, owner.gid);
  for (const { name } of await archive.list()) {
    if (!name.endsWith(HISTORY)) continue;
    const path = join(walDir, name);
    await writeOwnedFile(path, () => archive.open(name), { ...options, directory: walDir }).catch(
      async () => {
        signal.throwIfAborted();
        await rm(path, { force: true });
      },
    );
  }
}

/** Histories, and the segments from the start of the backup on that it does not have whole itself. */
export function chooseSegments(
  names: readonly string[],
  own: readonly string[],
  segmentBytes: number,
  { point, until }: Pick<StageOptions, 'point' | 'until'>,
): string[] {
  const whole = new Set(own.slice(0, -1));
  const first = parseLsn(point.startLsn) / BigInt(segmentBytes);
  const last = until === undefined ? undefined : parseLsn(until) / BigInt(segmentBytes);
  const complete = new Set(names.filter(name => SEGMENT.test(name)));
  return names.filter(name => {
    if (name.endsWith(HISTORY)) return true;
    const segment = name.endsWith(PARTIAL) ? name.slice(0, -PARTIAL.length) : name;
    if (!SEGMENT.test(segment) || whole.has(segment)) return false;
    if (name !== segment && complete.has(segment)) return false;
    const number = segmentNumber(segment, segmentBytes);
    return number >= first && (last === undefined || number <= last);
  });
}

/** How many segments of this size come before the one of this name (src/include/access/xlog_internal.h). */
function segmentNumber(name: string, segmentBytes: number): bigint {
  const perFile = 0x1_0000_0000n / BigInt(segmentBytes);
  return BigInt(`0x${name.slice(8, 16)}`) * perFile + BigInt(`0x${name.slice(16, 24)}`);
}

async function stageOne(archive: WalArchive, name: string, options: StageOptions): Promise<void> {
  const path = join(options.walDir, name.endsWith(PARTIAL) ? name.slice(0, -PARTIAL.length) : name);
  await writeOwnedFile(path, () => archive.open(name), { ...options, directory: options.walDir });
  if (!name.endsWith(HISTORY)) await padSegment(path, name, archive.segmentBytes);
}

/** PostgreSQL refuses a segment of another size; what follows the last record reads as the end of the WAL. */
async function padSegment(path: string, name: string, segmentBytes: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    if (size > segmentBytes) {
      const message = `The archived segment ${name} is ${size} bytes, and a segment of this cluster is ${segmentBytes}`;
      throw new HoldfastError('restore_failed', message);
    }
    await file.truncate(segmentBytes);
  } finally {
    await file.close();
  }
}
