import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorMessage, HoldfastError } from '@holdfast/core';

/** Refuses a path that cannot be written, before any work is done for it. @throws `usage` */
export async function assertPlaceToWrite(option: string, path: string): Promise<void> {
  await writing(option, async () => {
    await access(dirname(path), constants.W_OK);
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory() === true) throw new Error(`${path} is a directory`);
  });
}

/** Runs the work that writes the file of an option. @throws `usage` when the file cannot be written */
export async function writing(option: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    throw new HoldfastError('usage', `${option} cannot be written: ${errorMessage(cause)}.`, { cause });
  }
}
