import { type Pack, pack } from 'tar-stream';

export interface TarredFile {
  readonly name: string;
  readonly bytes: number;
  readonly data: AsyncIterable<Uint8Array>;
}

/** The bytes of a tar archive, made while its files are read; nothing is held. */
export async function* tarOfFiles(
  files: AsyncIterable<TarredFile>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const archive = pack();
  const filling = fill(archive, files);
  filling.catch(error => archive.destroy(error));
  try {
    for await (const chunk of archive) yield chunk as Uint8Array;
    await filling;
  } finally {
    archive.destroy();
  }
}

async function fill(archive: Pack, files: AsyncIterable<TarredFile>): Promise<void> {
  for await (const { name, bytes, data } of files) {
    const written = Promise.withResolvers<void>();
    const entry = archive.entry({ name, size: bytes, mode: 0o600 }, error =>
      error ? written.reject(error) : written.resolve(),
    );
    written.promise.catch(() => undefined);
    // destroyed with its archive it says so once more, and nobody listening would end the process
    entry.on('error', written.reject);
    for await (const chunk of data) {
      if (!entry.write(chunk)) await drained(entry, written.promise);
    }
    entry.end(new Uint8Array());
    await written.promise;
  }
  archive.finalize();
}

/** An archive that nobody reads any more never drains. */
function drained(entry: NodeJS.WritableStream, ended: Promise<void>): Promise<void> {
  return Promise.race([new Promise<void>(resolve => entry.once('drain', () => resolve())), ended]);
}
