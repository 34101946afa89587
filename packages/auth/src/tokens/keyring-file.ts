import { randomBytes } from 'node:crypto';
import { link, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Clock, errorMessage, HoldfastError } from '@holdfast/core';
import { makeDirectory } from '@holdfast/postgres';
import { generateKeyring, type Keyring, parseKeyring } from './keyring.ts';

/** Where the keyring of a state directory is. */
export function keyringPath(home: string): string {
  return join(home, 'keyring.json');
}

/**
 * The keyring from a setting that holds its JSON or its path, else from the state directory.
 * @throws HoldfastError `keyring_invalid` when there is none, it is readable by others, or it is damaged.
 */
export async function loadKeyring(options: {
  readonly home: string;
  readonly setting?: string | undefined;
}): Promise<Keyring> {
  const { setting } = options;
  if (setting?.trimStart().startsWith('{')) return parseKeyring(setting);
  return readKeyringFile(setting ?? keyringPath(options.home));
}

async function readKeyringFile(path: string): Promise<Keyring> {
  let text: string;
  try {
    await refuseOpenPermissions(path);
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const why = missing ? 'there is no such file' : errorMessage(error);
    throw new HoldfastError(
      'keyring_invalid',
      `The keyring ${path} cannot be read: ${why}. Put the file back from its backup, or set HOLDFAST_KEYRING; only a new installation may make a new one.`,
      { cause: error },
    );
  }
  return parseKeyring(text);
}

async function refuseOpenPermissions(path: string): Promise<void> {
  const { mode } = await stat(path);
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new HoldfastError(
      'keyring_invalid',
      `The keyring ${path} can be read by other users (mode ${(mode & 0o777).toString(8)}). Run: chmod 600 ${path}`,
    );
  }
}

/**
 * Loads the keyring of a state directory, or makes it when the directory has none yet.
 * Two first starts at once end up with the same keyring.
 */
export async function ensureKeyring(
  home: string,
  clock: Pick<Clock, 'now'>,
): Promise<{ readonly keyring: Keyring; readonly created: boolean }> {
  const path = keyringPath(home);
  const existing = await stat(path).catch(() => undefined);
  if (existing !== undefined) return { keyring: await readKeyringFile(path), created: false };
  const keyring = generateKeyring(clock);
  await makeDirectory(home);
  const temporary = await writeTemporary(path, keyring);
  try {
    // A link appears whole or not at all, and never over another.
    await link(temporary, path);
    await syncDirectory(home);
    return { keyring, created: true };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return { keyring: await readKeyringFile(path), created: false };
  } finally {
    await unlink(temporary);
  }
}

/** Replaces the keyring file atomically and durably: a reader sees the old one or the new one, whole. */
export async function writeKeyring(path: string, keyring: Keyring): Promise<void> {
  const temporary = await writeTemporary(path, keyring);
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

async function writeTemporary(path: string, keyring: Keyring): Promise<string> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(keyring, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  return temporary;
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
