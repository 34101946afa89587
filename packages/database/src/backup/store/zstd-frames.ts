/** What a walk along zstd frames wants next: to look at so many bytes, or to pass so many without a look. */
type Wish = { readonly see: number } | { readonly pass: number };

const FRAME = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const ID_BYTES = [0, 1, 2, 4] as const;
const SIZE_BYTES = [0, 2, 4, 8] as const;
const RAW_BLOCK = 0;
const RLE_BLOCK = 1;

/**
 * The same data in pieces of which none goes beyond the end of a frame: Node's decompressor leaves out what follows a frame within
 * one piece, without a word. What is no zstd passes as it is, for the decompressor to refuse.
 */
export async function* endingAtFrames(
  data: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const walker = createWalker();
  for await (const piece of data) {
    let begin = 0;
    for (let at = 0; at < piece.byteLength; ) {
      const step = walker.step(piece.subarray(at));
      at += step.bytes;
      if (!step.isEnd) continue;
      yield piece.subarray(begin, at);
      begin = at;
    }
    if (begin < piece.byteLength) yield piece.subarray(begin);
  }
}

interface Walker {
  /** Goes as far as the next wish wants, or the data goes; says whether a frame ends there. */
  step(data: Uint8Array): { readonly bytes: number; readonly isEnd: boolean };
}

function createWalker(): Walker {
  let walk = walkFrame();
  let wish: Wish | undefined = walk.next().value ?? undefined;
  let seen: Buffer = Buffer.alloc(0);
  let passed = 0;
  /** What is wanted after this; nothing at the end of a frame. */
  const advance = (): Wish | undefined => {
    let next = walk.next(seen);
    while (next.done !== true && 'pass' in next.value && next.value.pass === 0) next = walk.next(seen);
    return next.value ?? undefined;
  };
  const start = (): Wish | undefined => {
    walk = walkFrame();
    return walk.next().value ?? undefined;
  };
  return {
    step: data => {
      const looks = wish !== undefined && 'see' in wish;
      const wanted = wish === undefined ? 0 : 'see' in wish ? wish.see - seen.byteLength : wish.pass - passed;
      const part = data.subarray(0, wanted);
      if (looks) seen = Buffer.concat([seen, part]);
      else passed += part.byteLength;
      if (part.byteLength < wanted) return { bytes: part.byteLength, isEnd: false };
      const following = advance();
      wish = following ?? start();
      seen = Buffer.alloc(0);
      passed = 0;
      return { bytes: part.byteLength, isEnd: following === undefined };
    },
  };
}

/** RFC 8878, sections 3.1.1 and 3.1.2. */
function* walkFrame(): Generator<Wish, void, Buffer> {
  const magic = (yield { see: 4 }).readUInt32LE(0);
  if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) {
    yield { pass: (yield { see: 4 }).readUInt32LE(0) };
    return;
  }
  if (magic !== FRAME) yield { pass: Number.POSITIVE_INFINITY };
  const descriptor = (yield { see: 1 }).readUInt8(0);
  yield { pass: headerRest(descriptor) };
  for (let isLast = false; !isLast; ) {
    const header = (yield { see: 3 }).readUIntLE(0, 3);
    isLast = (header & 1) === 1;
    yield { pass: blockBytes((header >> 1) & 3, header >> 3) };
  }
  yield { pass: (descriptor & 4) === 0 ? 0 : 4 };
}

function headerRest(descriptor: number): number {
  const isSingle = (descriptor & 0x20) !== 0;
  const size = descriptor >> 6;
  const sizeBytes = size === 0 && isSingle ? 1 : (SIZE_BYTES[size] ?? 0);
  return (isSingle ? 0 : 1) + (ID_BYTES[descriptor & 3] ?? 0) + sizeBytes;
}

function blockBytes(type: number, size: number): number {
  if (type === RLE_BLOCK) return 1;
  return type === RAW_BLOCK || type === 2 ? size : Number.POSITIVE_INFINITY;
}
