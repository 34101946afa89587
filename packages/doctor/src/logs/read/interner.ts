const SLOTS = 1 << 15;
const MAX_LENGTH = 512;

/**
 * Turns bytes into strings without making the same string twice: paths, addresses and methods repeat all the time.
 * Bounded: a slot holds the last string with its hash.
 */
export class Interner {
  readonly #slots: (string | undefined)[] = new Array(SLOTS);

  /** The text of the bytes, each byte one character. */
  text(buffer: Buffer, start: number, end: number): string {
    if (end - start > MAX_LENGTH) return buffer.toString('latin1', start, end);
    let hash = 0x811c9dc5;
    for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (buffer[at] ?? 0), 0x01000193);
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    const known = this.#slots[slot];
    if (known !== undefined && equals(known, buffer, start, end)) return known;
    const made = buffer.toString('latin1', start, end);
    this.#slots[slot] = made;
    return made;
  }
}

function equals(text: string, buffer: Buffer, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let at = start; at < end; at += 1) if (text.charCodeAt(at - start) !== buffer[at]) return false;
  return true;
}
