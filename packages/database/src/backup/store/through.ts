import { pipeline, Readable, type Transform } from 'node:stream';

/** Pieces that are read ahead. */
const AHEAD = 2;

/** Data after a stage, piece by piece, with backpressure; an error on either side ends both and reaches the reader. */
export function through(data: AsyncIterable<Uint8Array>, stage: Transform): AsyncIterable<Uint8Array> {
  const source = Readable.from(data, { highWaterMark: AHEAD });
  // an error before the reader has begun is kept for it, and would end the process if nobody listened
  stage.on('error', () => undefined);
  return pipeline(source, stage, () => undefined);
}
