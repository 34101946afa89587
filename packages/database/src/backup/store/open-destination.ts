import { resolve } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import type { Destination } from '../backup-repository.ts';
import { directoryDestination } from './directory-destination.ts';
import { s3Destination } from './s3-destination.ts';

/**
 * A place for backups by what a person writes: a directory, relative to `base`, or `s3://bucket/prefix?…`.
 * @throws HoldfastError `configuration_invalid` for any other URL.
 */
export function openDestination(text: string, base: string): Destination {
  if (/^s3:/i.test(text)) return s3Destination(text);
  if (/^file:\/\//i.test(text)) return directoryDestination(decodeURIComponent(new URL(text).pathname));
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(text)?.[1];
  if (scheme === undefined) return directoryDestination(resolve(base, text));
  throw new HoldfastError(
    'configuration_invalid',
    `A place for backups is a directory or an s3:// URL; ${scheme}:// is not supported.`,
  );
}
