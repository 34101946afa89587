import { open } from 'node:fs/promises';

const TAIL_BYTES = 262_144;

/** The whole lines among the last 256 KiB of a file. Throws what the system throws when it cannot be read. */
export async function readTail(path: string): Promise<string[]> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  const start = Math.max(0, size - TAIL_BYTES);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), { position: start });
  const lines = buffer.toString('utf8', 0, bytesRead).split('\n');
  return (start > 0 ? lines.slice(1) : lines).filter(line => line.trim() !== '');
}
