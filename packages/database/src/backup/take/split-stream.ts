/** One of several readers of a source. */
export interface Branch<T> {
  readonly data: AsyncIterable<T>;
  /** The others no longer wait for this one. Safe to repeat. */
  leave(): Promise<void>;
}

/** One source for several readers, which get every piece at the pace of the slowest. What the source fails with, all of them see. */
export function splitStream<T>(source: AsyncIterable<T>, count: number): readonly Branch<T>[] {
  const iterator = source[Symbol.asyncIterator]();
  const waiting = new Map<number, PromiseWithResolvers<IteratorResult<T>>>();
  const live = new Set(Array.from({ length: count }, (_, index) => index));
  const advance = (): void => {
    if (live.size === 0 || waiting.size < live.size) return;
    const turn = [...waiting.values()];
    waiting.clear();
    const tell = (say: (waiter: PromiseWithResolvers<IteratorResult<T>>) => void): void => {
      for (const waiter of turn) say(waiter);
    };
    iterator.next().then(
      result => tell(({ resolve }) => resolve(result)),
      error => tell(({ reject }) => reject(error)),
    );
  };
  const next = (index: number): Promise<IteratorResult<T>> => {
    const turn = Promise.withResolvers<IteratorResult<T>>();
    waiting.set(index, turn);
    advance();
    return turn.promise;
  };
  const leave = async (index: number): Promise<void> => {
    if (!live.delete(index)) return;
    waiting.delete(index);
    if (live.size === 0) await iterator.return?.();
    else advance();
  };
  return [...live].map(index => ({
    data: read(
      () => next(index),
      () => leave(index),
    ),
    leave: () => leave(index),
  }));
}

async function* read<T>(
  next: () => Promise<IteratorResult<T>>,
  leave: () => Promise<void>,
): AsyncGenerator<T, void, undefined> {
  try {
    for (let result = await next(); result.done !== true; result = await next()) yield result.value;
  } finally {
    await leave();
  }
}
