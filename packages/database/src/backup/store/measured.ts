import { createHash } from 'node:crypto';

export interface Measured {
  readonly data: AsyncIterable<Uint8Array>;
  /** What has passed so far. */
  bytes(): number;
}

export interface Hashed extends Measured {
  /** SHA-256 of everything that passed, hex; once, at the end. */
  sha256(): string;
}

/** Counts what passes through. */
export function counted(data: AsyncIterable<Uint8Array>): Measured {
  let bytes = 0;
  async function* pass(): AsyncGenerator<Uint8Array> {
    for await (const chunk of data) {
      bytes += chunk.byteLength;
      yield chunk;
    }
  }
  return { data: pass(), bytes: () => bytes };
}

/** Counts and hashes what passes through. */
export function hashed(data: AsyncIterable<Uint8Array>): Hashed {
  const hash = createHash('sha256');
  const inner = counted(data);
  async function* pass(): AsyncGenerator<Uint8Array> {
    for await (const chunk of inner.data) {
      hash.update(chunk);
      yield chunk;
    }
  }
  return { data: pass(), bytes: inner.bytes, sha256: () => hash.digest('hex') };
}
