/** Runs two pieces of work; when one fails the other is stopped and waited for. */
export async function both<A, B>(
  { signal }: { readonly signal: AbortSignal },
  start: (signal: AbortSignal) => readonly [Promise<A>, Promise<B>],
): Promise<[A, B]> {
  const other = new AbortController();
  const [one, two] = start(AbortSignal.any([signal, other.signal]));
  try {
    return await Promise.all([one, two]);
  } catch (error) {
    other.abort(error);
    await Promise.allSettled([one, two]);
    throw error;
  }
}
