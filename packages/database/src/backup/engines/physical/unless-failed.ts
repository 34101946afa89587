/** Does not wait for the work when the other one, on which it depends, has failed. */
export function unlessFailed<T>(other: Promise<unknown>, work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return Promise.race([work, other.then(() => work)]);
}
