import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import {
  type BackupEngineName,
  type BackupMaker,
  type BackupManifest,
  type BackupRepository,
  type BackupRequest,
  createEngine,
  directoryDestination,
} from '@holdfast/database/backup';
import { backupRequest, takeTestBackup } from '@holdfast/testing';
import { repositoryAt } from '../backup-fixtures.ts';
import { installedVersions } from '../system-postgres.ts';

/** A directory that PostgreSQL's user can enter, removed after the test. */
export async function workPlace(t: TestContext): Promise<string> {
  const place = await mkdtemp(join(tmpdir(), 'hf-backup-'));
  await chmod(place, 0o755);
  t.after(() => rm(place, { recursive: true, force: true }));
  return place;
}

export function engineAt(place: string, name: BackupEngineName): BackupMaker {
  const programs = { binDir: undefined, path: [] };
  return createEngine(name, { programs, workDirectory: join(place, 'work') });
}

export interface MadeBackup {
  readonly repository: BackupRepository;
  readonly manifest: BackupManifest;
  readonly directory: string;
}

/** One backup at a directory of its own. */
export async function makeBackup(
  place: string,
  name: BackupEngineName,
  url: string,
  changes: Partial<BackupRequest> = {},
): Promise<MadeBackup> {
  const request = backupRequest(url, changes);
  const root = await mkdtemp(join(place, 'backups-'));
  const compression = request.plain ? 'none' : request.compression;
  const repository = repositoryAt(directoryDestination(root), { compression });
  const manifest = await takeTestBackup({
    request,
    repository,
    engine: name,
    workDirectory: join(place, 'work'),
  });
  return { repository, manifest, directory: join(root, manifest.id) };
}

/** The programs of the one PostgreSQL that this machine has as a package. */
export async function systemProgram(name: string): Promise<string> {
  const [version] = await installedVersions();
  return join('/usr/lib/postgresql', version ?? '', 'bin', name);
}
