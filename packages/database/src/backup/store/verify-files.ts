import { type Clock, isHoldfastError } from '@holdfast/core';
import type { BackupRepository, SealState, StoredBackup } from '../backup-repository.ts';
import type { BackupFile, BackupProblem, BackupValidation } from '../manifest.ts';
import { REMOVING_FILE, WRITING_FILE } from './backup-writer.ts';
import { inParallel } from './in-parallel.ts';
import { MANIFEST_FILE } from './manifest-file.ts';
import { hashed } from './measured.ts';
import { readValidation } from './read-backups.ts';
import { VALIDATIONS } from './validation-file.ts';

export interface VerifyFilesOptions {
  readonly repository: BackupRepository;
  readonly id: string;
  /** The key that manifests and validations must be sealed with; undefined accepts any. */
  readonly sealKey: Uint8Array | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  onProgress(doneBytes: number, totalBytes: number): void;
}

export interface FilesVerification {
  readonly validation: BackupValidation;
  /** Undefined when the manifest could not be used: then nothing of the files is known, and nothing can be recorded. */
  readonly backup: StoredBackup | undefined;
}

const FILES_AT_ONCE = 2;

/**
 * Reads every stored byte of a backup at one destination and compares it with the manifest. Finds changed, missing, extra,
 * swapped and truncated files and an edited manifest; needs no identity and unpacks nothing. Records nothing.
 * @throws HoldfastError `backup_unknown`, `backup_not_found`, `backup_not_possible` for a manifest of a newer version,
 * `backup_destination_failed` when the destination cannot be read.
 */
export async function verifyFiles(options: VerifyFilesOptions): Promise<FilesVerification> {
  const { repository, id, clock } = options;
  const begin = clock.monotonic();
  const at = new Date(clock.now()).toISOString();
  const listed = new Map(
    (await repository.destination.list(`${id}/`)).map(({ name, bytes }) => [
      name.slice(id.length + 1),
      bytes,
    ]),
  );
  const backup = await usableBackup(repository, id, listed);
  const problems =
    'manifest' in backup
      ? [...sealProblems(backup.seal, options.sealKey), ...(await fileProblems(options, backup, listed))]
      : [backup];
  return {
    backup: 'manifest' in backup ? backup : undefined,
    validation: {
      level: 'files',
      at,
      durationMs: Math.round(clock.monotonic() - begin),
      destination: repository.destination.name,
      result: problems.length === 0 ? 'valid' : 'damaged',
      problems,
    },
  };
}

async function usableBackup(
  repository: BackupRepository,
  id: string,
  listed: ReadonlyMap<string, number>,
): Promise<StoredBackup | BackupProblem> {
  try {
    return await repository.find(id);
  } catch (error) {
    if (!isHoldfastError(error, 'backup_damaged')) throw error;
    const isThere = listed.has(MANIFEST_FILE);
    return problem(isThere ? 'manifest_edited' : 'missing_manifest', MANIFEST_FILE, error.message);
  }
}

function sealProblems(seal: SealState, key: Uint8Array | undefined): BackupProblem[] {
  if (key === undefined || seal === 'valid') return [];
  return seal === 'other_key'
    ? [problem('other_seal', MANIFEST_FILE, 'The manifest is sealed with another key than the one given.')]
    : [problem('missing_seal', MANIFEST_FILE, 'The manifest has no seal: anybody could have written it.')];
}

async function fileProblems(
  options: VerifyFilesOptions,
  { manifest }: StoredBackup,
  listed: ReadonlyMap<string, number>,
): Promise<BackupProblem[]> {
  const progress = progressOf(options, manifest.files);
  const known = new Map(manifest.files.map(file => [file.path, file]));
  const others = [...listed.keys()].filter(path => !known.has(path) && !isOwn(path));
  const found = await inParallel(manifest.files, FILES_AT_ONCE, file =>
    verifyOne(options, manifest.files, file, listed.get(file.path), progress),
  );
  return [
    ...found.flatMap(item => item ?? []),
    ...others.map(path => problem('extra_file', path, `${path} is not a file of this backup.`)),
    ...(await validationProblems(options, [...listed.keys()])),
  ];
}

function isOwn(path: string): boolean {
  return [MANIFEST_FILE, WRITING_FILE, REMOVING_FILE].includes(path) || path.startsWith(VALIDATIONS);
}

async function verifyOne(
  options: VerifyFilesOptions,
  files: readonly BackupFile[],
  file: BackupFile,
  bytes: number | undefined,
  progress: (bytes: number) => void,
): Promise<BackupProblem | undefined> {
  const { path } = file;
  if (bytes === undefined) return problem('missing_file', path, `${path} is missing.`);
  const mayBeAnother = files.some(other => other.bytes === bytes);
  const sha256 = mayBeAnother ? await hashOf(options, path, progress) : undefined;
  if (sha256 === file.sha256) return undefined;
  if (sha256 === 'unreadable')
    return problem('unreadable_file', path, `${path} cannot be read from the disk.`);
  const owner = files.find(other => other.sha256 === sha256);
  const instead = owner === undefined ? '' : ` It holds what belongs to ${owner.path}.`;
  return bytes === file.bytes
    ? problem(
        'wrong_hash',
        path,
        `${path} was changed: its SHA-256 is not the one of the manifest.${instead}`,
      )
    : problem('wrong_size', path, `${path} has ${bytes} bytes and should have ${file.bytes}.${instead}`);
}

/** A disk that cannot read a file has lost it; a destination that does not answer has not. */
async function hashOf(
  { repository, id, signal }: VerifyFilesOptions,
  path: string,
  progress: (bytes: number) => void,
): Promise<string> {
  try {
    const content = hashed((await repository.destination.read(`${id}/${path}`)) as AsyncIterable<Uint8Array>);
    for await (const chunk of content.data) {
      signal.throwIfAborted();
      progress(chunk.byteLength);
    }
    return content.sha256();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EIO') return 'unreadable';
    throw error;
  }
}

function progressOf(
  { onProgress }: VerifyFilesOptions,
  files: readonly BackupFile[],
): (bytes: number) => void {
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  return bytes => {
    done += bytes;
    onProgress(done, total);
  };
}

async function validationProblems(
  { repository, id, sealKey }: VerifyFilesOptions,
  paths: readonly string[],
): Promise<BackupProblem[]> {
  const problems: BackupProblem[] = [];
  for (const path of paths.filter(name => name.startsWith(VALIDATIONS))) {
    if ((await readValidation(repository.destination, id, path, sealKey)) !== undefined) continue;
    problems.push(problem('altered_validation', path, `${path} is not as it was written.`));
  }
  return problems;
}

function problem(code: string, subject: string, message: string): BackupProblem {
  return { code, subject, message };
}
