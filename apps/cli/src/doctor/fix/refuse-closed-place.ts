import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import type { FixMode } from './fix-options.ts';

const { R_OK, W_OK, X_OK } = constants;

/**
 * A repair keeps its journal in the state directory.
 * @throws HoldfastError `usage` when this user cannot do that there
 */
export async function refuseClosedPlace(directory: string, mode: FixMode): Promise<void> {
  const wanted = mode === 'plan' ? R_OK | X_OK : R_OK | W_OK | X_OK;
  const code = await access(directory, wanted).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error.code,
  );
  if (code === 'ENOENT' && dirname(directory) !== directory) {
    await refuseClosedPlace(dirname(directory), mode);
  } else if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    const need = mode === 'plan' ? 'read' : 'read and written';
    throw new HoldfastError(
      'usage',
      `The state directory ${directory} cannot be ${need} by this user (${code}), and doctor --fix keeps the journal of its repairs there. Nothing was changed. Run it as the owner of that directory`,
    );
  }
}
