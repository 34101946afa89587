import { errorMessage, isHoldfastError } from '@holdfast/core';
import type { BackupRepository, StoredBackup } from '../../backup-repository.ts';
import type { BackupManifest, BackupProblem } from '../../manifest.ts';
import { originalPaths } from '../../store/open-file.ts';
import { type BackupEntry, tarEntries } from './backup-entries.ts';
import { checkWal, type WalCheck } from './check-wal.ts';
import { fileSum, type ManifestFile, readPostgresManifest } from './postgres-manifest.ts';

const SEGMENT = /^pg_wal\/([0-9A-F]{24})$/;
/** What PostgreSQL leaves out of its manifest, and pg_verifybackup passes over. */
const NOT_LISTED = new Set(['backup_manifest', 'postgresql.auto.conf', 'recovery.signal', 'standby.signal']);

/**
 * Reads every byte of a physical backup as a restore would: decrypts, decompresses, takes archives apart, and compares each file
 * with the size and checksum that the server noted while it sent it. What is missing or too much is named as well.
 */
export async function decodePhysical(
  repository: BackupRepository,
  backup: StoredBackup,
): Promise<readonly BackupProblem[]> {
  const { manifest } = backup;
  if (manifest.point.kind !== 'physical')
    return [problem('manifest_edited', 'manifest.json', 'it is of no physical backup')];
  const { timeline, startLsn, stopLsn, consistentLsn } = manifest.point;
  const wal = checkWal({ timeline, from: startLsn, to: consistentLsn ?? stopLsn });
  const listed = await readListed(repository, backup);
  if (!(listed instanceof Map)) return [listed as BackupProblem];
  const seen = new Set<string>();
  const problems: BackupProblem[] = [];
  try {
    for await (const entry of entriesOf(repository, backup)) {
      problems.push(...(await checkEntry(entry, listed, wal)));
      seen.add(entry.path);
    }
  } catch (error) {
    return [...problems, undecodable(error, 'the files of the backup')];
  }
  const missing = [...listed.keys()].filter(path => !seen.has(path));
  return [
    ...problems,
    ...missing.map(path => problem('missing_file', path, 'the backup does not hold it')),
    ...wal.missing(),
  ];
}

async function readListed(
  repository: BackupRepository,
  backup: StoredBackup,
): Promise<ReadonlyMap<string, ManifestFile> | BackupProblem> {
  try {
    const path = findPath(backup.manifest, /^(data\/)?backup_manifest$/);
    const chunks: Uint8Array[] = [];
    for await (const chunk of await repository.open(backup, path, 'original'))
      chunks.push(chunk as Uint8Array);
    return readPostgresManifest(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    return undecodable(error, 'backup_manifest');
  }
}

async function* entriesOf(repository: BackupRepository, backup: StoredBackup): AsyncGenerator<BackupEntry> {
  for (const { file, originalPath } of originalPaths(backup.manifest)) {
    const open = () => repository.open(backup, file.path, 'original');
    if (originalPath === 'base.tar') yield* tarEntries(await open());
    else if (originalPath === 'pg_wal.tar') yield* tarEntries(await open(), 'pg_wal/');
    else if (originalPath.startsWith('data/'))
      yield { path: originalPath.slice('data/'.length), data: await open() };
  }
}

async function checkEntry(
  { path, data }: BackupEntry,
  listed: ReadonlyMap<string, ManifestFile>,
  wal: WalCheck,
): Promise<readonly BackupProblem[]> {
  const segment = SEGMENT.exec(path)?.[1];
  if (segment !== undefined) return wal.segment(segment, data);
  const expected = listed.get(path);
  const sum = fileSum(expected?.algorithm ?? 'NONE');
  let bytes = 0;
  for await (const chunk of data) {
    sum.update(chunk);
    bytes += chunk.byteLength;
  }
  if (expected === undefined) {
    const known = NOT_LISTED.has(path) || path.startsWith('pg_wal/');
    return known ? [] : [problem('unexpected_file', path, 'the server did not send it')];
  }
  if (bytes !== expected.size)
    return [problem('wrong_size', path, `it has ${bytes} bytes instead of ${expected.size}`)];
  const found = sum.digest();
  if (found === undefined || found === expected.checksum) return [];
  return [
    problem('wrong_hash', path, `its ${expected.algorithm} is ${found} instead of ${expected.checksum}`),
  ];
}

function findPath(manifest: BackupManifest, name: RegExp): string {
  const found = originalPaths(manifest).find(({ originalPath }) => name.test(originalPath));
  if (found === undefined) throw new Error('the backup does not hold it');
  return found.file.path;
}

function undecodable(error: unknown, subject: string): BackupProblem {
  const details = isHoldfastError(error, 'backup_damaged') ? error.details : undefined;
  if (isHoldfastError(error) && error.code !== 'backup_damaged') throw error;
  const path = typeof details?.path === 'string' ? details.path : subject;
  return problem('does_not_decode', path, errorMessage(error));
}

function problem(code: string, subject: string, message: string): BackupProblem {
  return { code, subject, message };
}
