import { fileURLToPath } from 'node:url';
import { HoldfastError, maskUrl } from '@holdfast/core';
import { pointerFragment } from './json-pointer.ts';

/** The name of a file or URL as its reader knows it, without credentials. */
export function displayName(uri: string): string {
  return uri.startsWith('file:') ? fileURLToPath(uri) : maskUrl(uri);
}

/** Where something is: `/tmp/shop.yaml#/paths/~1items/get`, readable rather than encoded. */
export function displayPlace(uri: string, path: readonly string[]): string {
  return `${displayName(uri)}${path.length === 0 ? '' : decodeURIComponent(pointerFragment(path))}`;
}

/** An error about a document that cannot be used, which begins with the place. */
export function documentError(place: string, problem: string, cause?: unknown): HoldfastError {
  return new HoldfastError('openapi_unusable', `${place}: ${problem}`, cause === undefined ? {} : { cause });
}
