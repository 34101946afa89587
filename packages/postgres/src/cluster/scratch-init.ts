import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chown, mkdir, rm, writeFile } from 'node:fs/promises';
import { HoldfastError } from '@holdfast/core';
import type { Binaries } from './binaries.ts';
import type { ScratchPlace } from './scratch-cluster.ts';
import { scratchUser } from './scratch-start.ts';
import { SUPERUSER } from './state-file.ts';
import { asUser, type SystemUser } from './system-user.ts';
import { findVersionBinaries } from './version-binaries.ts';

const SHARED_DIR = '/var/lib/holdfast';

/** Makes an empty cluster of a major version, not synced to the disk; start it with `startScratchCluster`. */
export async function initScratchCluster(
  place: ScratchPlace & { readonly majorVersion: string },
): Promise<void> {
  const { dataDir, majorVersion, sharedDir = SHARED_DIR, binDir } = place;
  const user = await scratchUser(place);
  const binaries = await findVersionBinaries({ majorVersion, user, sharedDir, binDir });
  const passwordFile = `${dataDir}.password`;
  await mkdir(dataDir, { mode: 0o700 });
  await writeFile(passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 });
  try {
    if (user !== undefined) for (const path of [dataDir, passwordFile]) await chown(path, user.uid, user.gid);
    await runInitdb(binaries, user, [
      ...['-D', dataDir, '--username', SUPERUSER, '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
      ...['--data-checksums', '--encoding', 'UTF8', '--locale', 'C', '--no-sync', '--no-instructions'],
    ]);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/** Writes everything in a data directory through to the disk; for one whose server ran without fsync and has stopped in order. */
export async function syncDataDirectory(
  place: ScratchPlace & { readonly majorVersion: string },
): Promise<void> {
  const { dataDir, majorVersion, sharedDir = SHARED_DIR, binDir } = place;
  const user = await scratchUser(place);
  const binaries = await findVersionBinaries({ majorVersion, user, sharedDir, binDir });
  await runInitdb(binaries, user, ['-D', dataDir, '--sync-only']);
}

async function runInitdb(
  binaries: Binaries,
  user: SystemUser | undefined,
  parameters: string[],
): Promise<void> {
  const environment = { LC_ALL: 'C', TZ: 'UTC' };
  const child = spawn(binaries.initdb, parameters, { ...asUser(user), cwd: '/', env: environment });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => output.push(String(chunk)));
  const [code, signal] = await once(child, 'close');
  if (code === 0) return;
  const message = `initdb failed (${code ?? signal}):\n${output.join('').trim()}`;
  throw new HoldfastError('cluster_failed', message);
}
