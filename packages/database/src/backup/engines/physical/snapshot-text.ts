/** A snapshot in its text form: transactions below `xmax` that are not in `running` had ended. */
export interface SnapshotText {
  readonly xmax: bigint;
  readonly running: ReadonlySet<bigint>;
}

/** Reads `xmin:xmax:xip,…`. */
export function parseSnapshot(text: string): SnapshotText {
  const [, xmax = '0', xip = ''] = text.split(':');
  return { xmax: BigInt(xmax), running: new Set(xip.split(',').filter(Boolean).map(BigInt)) };
}

/** Beyond this, transactions between two snapshots are not looked at one by one. */
const MOST = 10_000n;

/** The transactions that ended between two snapshots, the earlier one first; undefined for too many to tell. */
export function endedBetween(earlier: string, later: string): bigint[] | undefined {
  const [one, other] = [parseSnapshot(earlier), parseSnapshot(later)];
  if (other.xmax - one.xmax > MOST) return undefined;
  const begun = Array.from(
    { length: Math.max(0, Number(other.xmax - one.xmax)) },
    (_, index) => one.xmax + BigInt(index),
  );
  return [...one.running, ...begun].filter(xid => xid < other.xmax && !other.running.has(xid));
}
