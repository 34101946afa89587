import { errorMessage, HoldfastError, isHoldfastError } from '@holdfast/core';

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full. Free space there, or remove old backups with holdfast backup prune',
  EDQUOT: 'the disk quota is used up. Raise it, or remove old backups with holdfast backup prune',
  EACCES: 'this user may not do that there. Check who owns the directory and its mode',
  EPERM: 'this user may not do that there. Check who owns the directory and its mode',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'a part of the path is a file, not a directory',
  EIO: 'the disk reports an input/output error; look at the system log',
  ENAMETOOLONG: 'the path is too long for the file system',
};

/** An error of a destination as `backup_destination_failed`, saying what was tried where, and what to do. */
export function destinationError(place: string, action: string, error: unknown): HoldfastError {
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  const reason = (code === undefined ? undefined : ADVICE[code]) ?? errorMessage(error);
  return new HoldfastError('backup_destination_failed', `${place}: ${action} failed: ${reason}.`, {
    cause: error,
    details: { destination: place, ...(code === undefined ? {} : { systemCode: code }) },
  });
}

/** A failure of the data that was to be written keeps its own words; everything else is the destination's. */
export function asDestinationError(place: string, action: string, error: unknown): unknown {
  return isHoldfastError(error) || isAbort(error) ? error : destinationError(place, action, error);
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

export function notStored(place: string, name: string, cause?: unknown): HoldfastError {
  return new HoldfastError('not_found', `${place} has no ${name}.`, { cause });
}
