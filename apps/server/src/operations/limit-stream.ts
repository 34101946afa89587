import { pipeline, Transform } from 'node:stream';
import { HoldfastError } from '@holdfast/core';

/** The payload as a stream that fails with `payload_too_large` beyond `limit` bytes; at once when it announces more. */
export function limitStream(
  contentLength: string | undefined,
  payload: NodeJS.ReadableStream,
  limit: number,
  done: (error: Error | null, body?: NodeJS.ReadableStream) => void,
): void {
  if (Number(contentLength) > limit) {
    done(tooLarge(limit));
    return;
  }
  let received = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      received += chunk.length;
      if (received > limit) next(tooLarge(limit));
      else next(null, chunk);
    },
  });
  // Whoever reads the stream sees its errors.
  pipeline(payload, counter, () => undefined);
  done(null, counter);
}

function tooLarge(limit: number): HoldfastError {
  return new HoldfastError('payload_too_large', `The body is larger than ${limit} bytes. Split it.`);
}
