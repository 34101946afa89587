import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, chown, mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import type { Binaries } from './binaries.ts';
import { CONFIGURATION_FILE, hostBasedAuthentication } from './configuration.ts';
import { exists, isErrno, syncDirectory } from './files.ts';
import { SUPERUSER } from './state-file.ts';
import { asUser, type SystemUser } from './system-user.ts';

export interface InitializeOptions {
  readonly dataDir: string;
  readonly user: SystemUser | undefined;
  readonly binaries: Binaries;
  readonly password: string;
  /** False only when the data may be lost, as in tests. */
  readonly durable: boolean;
}

/**
 * Makes a data directory, whole or not at all: it is built beside under another name, synced, and renamed. What an
 * interrupted attempt left is removed.
 */
export async function initializeDataDir(options: InitializeOptions): Promise<void> {
  const { dataDir, user, durable } = options;
  await removeAttempts(dataDir);
  const attempt = `${dataDir}.new-${randomUUID()}`;
  const passwordFile = `${attempt}.password`;
  try {
    await makeOwned(attempt, user);
    await writeFile(passwordFile, options.password, { mode: 0o600 });
    if (user !== undefined) await chown(passwordFile, user.uid, user.gid);
    await runInitdb(options, attempt, passwordFile);
    await appendFile(join(attempt, 'postgresql.conf'), `\ninclude = '${CONFIGURATION_FILE}'\n`);
    await writeFile(join(attempt, 'pg_hba.conf'), hostBasedAuthentication);
    await writeFile(join(attempt, CONFIGURATION_FILE), '', { mode: 0o600 });
    if (durable) await runProgram(options, ['-D', attempt, '--sync-only']);
    await moveIntoPlace(attempt, dataDir);
    if (durable) await syncDirectory(dirname(dataDir));
  } finally {
    await rm(passwordFile, { force: true });
    await rm(attempt, { recursive: true, force: true });
  }
}

/** Throws `cluster_failed` when a directory is there that this PostgreSQL cannot run on; false when there is none. */
export async function isInitialized(dataDir: string, majorVersion: string): Promise<boolean> {
  const version = await readFile(join(dataDir, 'PG_VERSION'), 'utf8').catch(error => {
    if (!isErrno(error, 'ENOENT')) throw error;
  });
  if (version?.trim() === majorVersion) return true;
  if (version !== undefined) {
    const message = `The database in ${dataDir} is of PostgreSQL ${version.trim()}, and this is PostgreSQL ${majorVersion}. Upgrade it with pg_upgrade, or use the version of Holdfast that made it`;
    throw new HoldfastError('cluster_failed', message);
  }
  if ((await exists(dataDir)) && (await readdir(dataDir)).length > 0) {
    const message = `${dataDir} is not empty and not a database either (no PG_VERSION). Move it away and start again`;
    throw new HoldfastError('cluster_failed', message);
  }
  return false;
}

/**
 * Checksums find damaged pages. The builtin C.UTF-8 locale of PostgreSQL orders text by code point and knows the letters
 * of Unicode, and it never changes: with a locale of the system, an update of its C library silently breaks indexes.
 */
async function runInitdb(options: InitializeOptions, attempt: string, passwordFile: string): Promise<void> {
  await runProgram(options, [
    ...['-D', attempt, '--username', SUPERUSER, '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
    ...['--data-checksums', '--encoding', 'UTF8', '--locale', 'C'],
    ...['--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
    ...['--no-sync', '--no-instructions'],
  ]);
}

async function runProgram({ binaries, user }: InitializeOptions, parameters: string[]): Promise<void> {
  const environment = { LC_ALL: 'C', TZ: 'UTC' };
  const child = spawn(binaries.initdb, parameters, { ...asUser(user), cwd: '/', env: environment });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => output.push(String(chunk)));
  const [code, signal] = await once(child, 'close');
  if (code === 0) return;
  const message = `initdb failed (${code ?? signal}):\n${output.join('').trim()}`;
  throw new HoldfastError('cluster_failed', message);
}

async function makeOwned(directory: string, user: SystemUser | undefined): Promise<void> {
  await mkdir(directory, { mode: 0o700 });
  if (user !== undefined) await chown(directory, user.uid, user.gid);
}

async function moveIntoPlace(attempt: string, dataDir: string): Promise<void> {
  await rmdir(dataDir).catch(error => {
    if (!isErrno(error, 'ENOENT')) throw error;
  });
  await rename(attempt, dataDir);
}

async function removeAttempts(dataDir: string): Promise<void> {
  const parent = dirname(dataDir);
  const prefix = `${basename(dataDir)}.new-`;
  const attempts = (await readdir(parent)).filter(name => name.startsWith(prefix));
  // an initdb whose parent was killed may still be writing; its directory is nobody's concern any more
  await Promise.all(
    attempts.map(name =>
      rm(join(parent, name), { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined),
    ),
  );
}
