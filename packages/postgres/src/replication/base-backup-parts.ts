import { type BackendMessage, protocolViolation, within } from './backend-message.ts';
import type { MessageChannel } from './message-channel.ts';

export interface BackupPart {
  readonly name: string;
  readonly kind: 'archive' | 'manifest';
  /** To be read to its end before the next part. Each is there until the next one is asked for. */
  readonly chunks: AsyncIterable<Buffer>;
}

const MANIFEST = 'backup_manifest';
const ARCHIVE_NAME = /^(base|\d+)\.tar(\.(gz|lz4|zst))?$/;
/** How a tar archive ends; before PostgreSQL 15 the server leaves it to the client. */
const TAR_END = Buffer.alloc(1024);

/** PostgreSQL 14: a COPY for each tablespace in the order of the list, then one for the manifest. */
export async function* oldProtocolParts(
  channel: MessageChannel,
  tablespaces: readonly (string | null)[],
): AsyncGenerator<BackupPart> {
  for (const oid of tablespaces) {
    await expectCopy(channel);
    yield { name: `${oid ?? 'base'}.tar`, kind: 'archive', chunks: copyChunks(channel, TAR_END) };
  }
  await expectCopy(channel);
  yield { name: MANIFEST, kind: 'manifest', chunks: copyChunks(channel) };
}

async function* copyChunks(channel: MessageChannel, ending?: Buffer): AsyncGenerator<Buffer> {
  for (;;) {
    const message = await channel.nextLent();
    if (message.type === 'c') break;
    yield copyData(message);
  }
  if (ending !== undefined) yield ending;
}

interface Frames {
  readonly channel: MessageChannel;
  /** The frame that ended the part before it. */
  pending: Buffer | 'end' | undefined;
}

/** PostgreSQL 15 and later: one COPY, in which the first byte of each message tells what it is. */
export async function* newProtocolParts(channel: MessageChannel): AsyncGenerator<BackupPart> {
  await expectCopy(channel);
  const frames: Frames = { channel, pending: undefined };
  let manifests = 0;
  for (;;) {
    const frame = frames.pending ?? (await nextFrame(channel));
    frames.pending = undefined;
    if (frame === 'end') break;
    const kind = frameKind(frame);
    if (kind === 'p') continue;
    if (kind === 'd' || manifests > 0) throw protocolViolation('data that belongs to no archive');
    if (kind === 'm') manifests += 1;
    yield kind === 'm'
      ? { name: MANIFEST, kind: 'manifest', chunks: partChunks(frames) }
      : { name: archiveName(frame), kind: 'archive', chunks: partChunks(frames) };
  }
  if (manifests === 0) throw protocolViolation('a base backup without a manifest');
}

async function* partChunks(frames: Frames): AsyncGenerator<Buffer> {
  for (;;) {
    const frame = await nextFrame(frames.channel);
    const kind = frame === 'end' ? 'end' : frameKind(frame);
    if (kind === 'p') continue;
    if (frame !== 'end' && kind === 'd') {
      yield frame.subarray(1);
      continue;
    }
    frames.pending = frame;
    return;
  }
}

async function nextFrame(channel: MessageChannel): Promise<Buffer | 'end'> {
  const message = await channel.nextLent();
  return message.type === 'c' ? 'end' : copyData(message);
}

function frameKind(frame: Buffer): 'n' | 'm' | 'd' | 'p' {
  const kind = String.fromCharCode(frame[0] ?? 0);
  if (kind === 'n' || kind === 'm' || kind === 'd' || kind === 'p') return kind;
  throw protocolViolation(`message "${kind}" in a base backup`);
}

function archiveName(frame: Buffer): string {
  return within('the name of an archive', () => {
    const end = frame.indexOf(0, 1);
    const name = frame.toString('utf8', 1, end < 0 ? frame.length : end);
    // it becomes the name of a file
    if (end < 0 || !ARCHIVE_NAME.test(name))
      throw protocolViolation(`an archive named ${JSON.stringify(name)}`);
    return name;
  });
}

async function expectCopy(channel: MessageChannel): Promise<void> {
  const { type } = await channel.next();
  if (type !== 'H') throw protocolViolation(`message "${type}" where data should begin`);
}

function copyData({ type, body }: BackendMessage): Buffer {
  if (type !== 'd') throw protocolViolation(`message "${type}" among the data`);
  return body;
}
