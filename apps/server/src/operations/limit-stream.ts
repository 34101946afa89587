import { Transform } from 'node:stream';
import { HoldfastError } from '@holdfast/core';

/**
 * The payload as a stream that fails with `payload_too_large` beyond `limit` bytes, at once when more is announced, and
 * with `invalid_request` when the client goes away. The payload itself is not destroyed: its connection carries the answer.
 */
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
  payload.once('error', cause => {
    counter.destroy(new HoldfastError('invalid_request', 'The upload broke off.', { cause }));
  });
  // Errors reach whoever reads the stream; a request that was refused beforehand has no reader.
  counter.on('error', () => undefined);
  done(null, payload.pipe(counter));
}

function tooLarge(limit: number): HoldfastError {
  return new HoldfastError('payload_too_large', `The body is larger than ${limit} bytes. Split it.`);
}
