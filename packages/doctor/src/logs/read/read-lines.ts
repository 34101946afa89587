const NEWLINE = 10;
const RETURN = 13;
/** No line of a log is longer; what is longer is passed on in its first part and the rest is dropped. */
const MAX_LINE_BYTES = 1 << 20;

/** Called for each line, without its end. The bytes are valid during the call alone. */
export type OnLine = (buffer: Buffer, start: number, end: number, offset: number) => void;

/**
 * Splits chunks into lines; the last one need not end. `offset` is where a line begins in the source. Returns the bytes
 * read. `betweenChunks` may stop the reading by throwing.
 */
export async function readLines(
  chunks: AsyncIterable<Buffer>,
  onLine: OnLine,
  betweenChunks: (bytes: number) => void = () => undefined,
): Promise<number> {
  const splitter = new LineSplitter(onLine);
  for await (const chunk of chunks) {
    splitter.push(chunk);
    betweenChunks(splitter.bytes);
  }
  splitter.finish();
  return splitter.bytes;
}

class LineSplitter {
  bytes = 0;
  #carry: Buffer | undefined;
  #dropping = false;
  readonly #onLine: OnLine;

  constructor(onLine: OnLine) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    let start = this.#carry === undefined && !this.#dropping ? 0 : this.#finishCarried(chunk);
    for (;;) {
      const end = start > chunk.length ? -1 : chunk.indexOf(NEWLINE, start);
      if (end === -1) break;
      this.#emit(chunk, start, end, this.bytes + start);
      start = end + 1;
    }
    this.bytes += chunk.length;
    if (start < chunk.length) this.#keep(chunk.subarray(start));
  }

  finish(): void {
    const rest = this.#carry;
    this.#carry = undefined;
    if (rest !== undefined) this.#emit(rest, 0, rest.length, this.bytes - rest.length);
  }

  /** Completes the line that the chunk before began; returns where the next one begins. */
  #finishCarried(chunk: Buffer): number {
    const end = chunk.indexOf(NEWLINE);
    if (end === -1) return 0;
    const rest = this.#carry;
    this.#carry = undefined;
    if (!this.#dropping && rest !== undefined) {
      const line = Buffer.concat([rest, chunk.subarray(0, end)]);
      this.#emit(line, 0, line.length, this.bytes - rest.length);
    }
    this.#dropping = false;
    return end + 1;
  }

  #keep(part: Buffer): void {
    if (this.#dropping) return;
    const carried = this.#carry === undefined ? Buffer.from(part) : Buffer.concat([this.#carry, part]);
    if (carried.length <= MAX_LINE_BYTES) this.#carry = carried;
    else {
      this.#onLine(carried, 0, MAX_LINE_BYTES, this.bytes - carried.length);
      this.#carry = undefined;
      this.#dropping = true;
    }
  }

  #emit(buffer: Buffer, start: number, end: number, offset: number): void {
    const last = end > start && buffer[end - 1] === RETURN ? end - 1 : end;
    this.#onLine(buffer, start, last, offset);
  }
}
