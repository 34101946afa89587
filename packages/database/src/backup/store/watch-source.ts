export interface WatchedSource {
  readonly data: AsyncIterable<Uint8Array>;
  /** What a failed write is to be thrown as: the error of the data when that failed, else what `blame` makes of this one. */
  explain(error: unknown, blame: (error: unknown) => unknown): unknown;
}

/** Tells the failures of the data from those of the place that it is written to. */
export function watchSource(data: AsyncIterable<Uint8Array>): WatchedSource {
  let failure: { readonly error: unknown } | undefined;
  async function* watch(): AsyncGenerator<Uint8Array> {
    try {
      yield* data;
    } catch (error) {
      failure = { error };
      throw error;
    }
  }
  return {
    data: watch(),
    explain: (error, blame) => (failure === undefined ? blame(error) : failure.error),
  };
}
