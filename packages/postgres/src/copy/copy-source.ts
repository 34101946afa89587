/** The bytes of a COPY, in pieces of any size. */
export type CopySource = Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>;
