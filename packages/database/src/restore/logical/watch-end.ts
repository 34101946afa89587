import { Transform } from 'node:stream';

const KEPT = 1_024;
const MARKER = '-- PostgreSQL database dump complete';

/** Passes a plain dump on and remembers how it ends. */
export function watchEnd(): { readonly stream: Transform; complete(): boolean } {
  let tail = Buffer.alloc(0);
  const stream = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      tail = Buffer.from(Buffer.concat([tail, chunk.subarray(-KEPT)]).subarray(-KEPT));
      done(null, chunk);
    },
  });
  return { stream, complete: () => tail.toString('latin1').includes(MARKER) };
}
