import { systemClock } from '@holdfast/core';
import {
  type BackupEngineName,
  type BackupManifest,
  type BackupRepository,
  type BackupRequest,
  createEngine,
  createRepository,
  openDestination,
  takeBackup,
} from '@holdfast/database/backup';

/** What a backup is asked for, with nothing chosen but its server. */
export function backupRequest(url: string, changes: Partial<BackupRequest> = {}): BackupRequest {
  return {
    url,
    databases: null,
    jobs: 2,
    compression: 'zstd',
    plain: false,
    label: undefined,
    toolVersion: 'test',
    signal: new AbortController().signal,
    onProgress: () => undefined,
    ...changes,
  };
}

export interface TestBackupOptions {
  readonly request: BackupRequest;
  readonly repository: BackupRepository;
  readonly workDirectory: string;
  /** Default: physical. */
  readonly engine?: BackupEngineName;
}

/** Makes one backup, with the programs that the system has where they are needed. */
export async function takeTestBackup(options: TestBackupOptions): Promise<BackupManifest> {
  const { request, repository, workDirectory, engine = 'physical' } = options;
  const [outcome] = await takeBackup({
    engine: createEngine(engine, { programs: { binDir: undefined, path: [] }, workDirectory }),
    repositories: [repository],
    request,
    clock: systemClock,
  });
  if (outcome?.kind !== 'made') throw outcome?.error ?? new Error('no backup was made');
  return outcome.manifest;
}

/** A physical backup of a server, without a seal, in a directory that commands can be pointed to. */
export function storePhysicalBackup(url: string, directory: string): Promise<BackupManifest> {
  const repository = createRepository({
    destination: openDestination(directory, '/'),
    compression: 'zstd',
    encryption: undefined,
    decryption: undefined,
    sealKey: undefined,
    clock: systemClock,
  });
  return takeTestBackup({ request: backupRequest(url), repository, workDirectory: `${directory}.work` });
}
