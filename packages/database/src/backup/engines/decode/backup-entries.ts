import { extract } from 'tar-stream';

/** A file within a backup. */
export interface BackupEntry {
  /** Relative to the data directory. */
  readonly path: string;
  readonly data: AsyncIterable<Uint8Array>;
}

/** The files of a tar; each must be read before the next is asked for. Fails for a tar that is cut off. */
export async function* tarEntries(data: AsyncIterable<Uint8Array>, prefix = ''): AsyncGenerator<BackupEntry> {
  const reader = extract();
  const feeding = feed(data, reader);
  feeding.catch(error => reader.destroy(error));
  for await (const entry of reader) {
    if (entry.header.type === 'file') {
      yield {
        path: `${prefix}${entry.header.name.replace(/^\.\//, '')}`,
        data: entry as AsyncIterable<Uint8Array>,
      };
    } else entry.resume();
  }
  await feeding;
}

async function feed(data: AsyncIterable<Uint8Array>, reader: ReturnType<typeof extract>): Promise<void> {
  for await (const chunk of data) {
    if (!reader.write(chunk)) await drained(reader);
  }
  reader.end(new Uint8Array());
}

/** Whoever stops reading destroys the reader, and then nothing drains it. */
function drained(reader: ReturnType<typeof extract>): Promise<void> {
  return new Promise((resolve, reject) => {
    const onClose = (): void => reject(new Error('the archive was not read to its end'));
    reader.once('close', onClose);
    reader.once('drain', () => {
      reader.off('close', onClose);
      resolve();
    });
  });
}
