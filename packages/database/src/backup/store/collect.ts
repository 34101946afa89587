import { HoldfastError } from '@holdfast/core';
import type { Destination } from '../backup-repository.ts';

/** The text of something small that is stored. @throws HoldfastError `not_found`, `backup_damaged` when it is not small. */
export async function readText(destination: Destination, name: string, limit: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (await destination.read(name)) as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes > limit) throw new HoldfastError('backup_damaged', `${name} is larger than ${limit} bytes.`);
  }
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
}

/** A text as data to be written. */
export async function* textData(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
