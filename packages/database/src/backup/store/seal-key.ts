import { randomBytes } from 'node:crypto';
import { link, open, readFile, rm } from 'node:fs/promises';
import { HoldfastError } from '@holdfast/core';

const KEY_BYTES = 32;

/**
 * The key that seals manifests, from a file of 64 hexadecimal digits. With `create` it is made when it is not there, mode
 * 0600; two processes that do so at once get the same one. Undefined when it is not there and not to be made.
 * @throws HoldfastError `configuration_invalid` for a file that holds something else.
 */
export async function readSealKey(path: string, create: boolean): Promise<Uint8Array | undefined> {
  const found = await readKey(path);
  if (found !== undefined || !create) return found;
  const unfinished = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  const handle = await open(unfinished, 'wx', 0o600);
  try {
    await handle.writeFile(`${randomBytes(KEY_BYTES).toString('hex')}\n`);
    await handle.sync();
    await link(unfinished, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await handle.close();
    await rm(unfinished, { force: true });
  }
  return readKey(path);
}

async function readKey(path: string): Promise<Uint8Array | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new HoldfastError('configuration_invalid', `${path} cannot be read; it seals backups.`, {
      cause: error,
    });
  }
  if (/^[0-9a-f]{64}\s*$/.test(text)) return Buffer.from(text.trim(), 'hex');
  throw new HoldfastError(
    'configuration_invalid',
    `${path} does not hold the key that seals backups: 64 hexadecimal digits. Put the right file back, or remove it for a new key; then older backups count as sealed by somebody else.`,
  );
}
