import { createHash } from 'node:crypto';

/** What the first migration of a database is chained to. */
export const CHAIN_START = '0'.repeat(64);

/**
 * The chain hash of a migration: SHA-256, in hex, of the chain hash before it, its version as a number and its checksum, each
 * ended by a line feed. Equal chain hashes mean the same files in the same order, all the way back.
 */
export function chainHash(previous: string, version: string, checksum: string): string {
  return createHash('sha256')
    .update(`${previous}\n${BigInt(version)}\n${checksum}\n`)
    .digest('hex');
}
