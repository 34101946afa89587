import { randomBytes } from 'node:crypto';
import { Transform } from 'node:stream';

/** The first minor releases whose psql knows `\restrict` (manual, psql; CVE-2025-8714). Newer major versions all do. */
const FIRST_MINOR: Readonly<Record<number, number>> = { 13: 22, 14: 19, 15: 14, 16: 10, 17: 6 };

/** Whether a psql can be kept from running the commands of psql that a script holds. */
export function knowsRestrict({
  majorVersion,
  minorVersion,
}: {
  readonly majorVersion: number;
  readonly minorVersion: number;
}): boolean {
  const first = FIRST_MINOR[majorVersion];
  return first === undefined ? majorVersion > 17 : minorVersion >= first;
}

const OWN_LINE = /^\\restrict ([A-Za-z0-9]+)\r?$/;
const LONGEST_HEAD = 65_536;
/** More than the last line of a dump. */
const TAIL = 512;

/**
 * Lets psql run nothing of a script but its SQL: under a key of ours, which the script cannot know. The pair of lines with which
 * pg_dump does the same is taken out, because psql has only one such key at a time.
 */
export function restrictPsql(): Transform {
  let head: string | undefined = '';
  let ending: Buffer | undefined;
  let tail = Buffer.alloc(0);
  const passOn = (stream: Transform, chunk: Buffer): void => {
    if (ending === undefined) {
      stream.push(chunk);
      return;
    }
    const held = Buffer.concat([tail, chunk]);
    const end = Math.max(0, held.length - TAIL);
    stream.push(held.subarray(0, end));
    tail = Buffer.from(held.subarray(end));
  };
  const endHead = (stream: Transform, text: string): void => {
    head = undefined;
    const lines = text.split('\n');
    const at = lines.findIndex(isStatement);
    const key = OWN_LINE.exec(lines[at] ?? '')?.[1];
    if (key !== undefined) {
      lines[at] = '';
      ending = Buffer.from(`\\unrestrict ${key}`);
    }
    passOn(stream, Buffer.from(lines.join('\n'), 'latin1'));
  };
  return new Transform({
    construct(done) {
      this.push(`\\restrict ${randomBytes(16).toString('hex')}\n`);
      done();
    },
    transform(chunk: Buffer, _encoding, done) {
      if (head === undefined) passOn(this, chunk);
      else {
        head += chunk.toString('latin1');
        const whole = head.slice(0, head.lastIndexOf('\n') + 1);
        if (whole.split('\n').some(isStatement) || head.length > LONGEST_HEAD) endHead(this, head);
      }
      done();
    },
    flush(done) {
      if (head !== undefined) endHead(this, head);
      done(null, withoutLast(tail, ending));
    },
  });
}

/** Comments and empty lines come first in a dump. */
function isStatement(line: string): boolean {
  return !/^(--|\s*$)/.test(line);
}

function withoutLast(text: Buffer, line: Buffer | undefined): Buffer {
  const at = line === undefined ? -1 : text.lastIndexOf(line);
  const isLast = at !== -1 && /^\s*$/.test(text.toString('latin1', at + (line?.length ?? 0)));
  return isLast && (at === 0 || text[at - 1] === 10) ? text.subarray(0, at) : text;
}
