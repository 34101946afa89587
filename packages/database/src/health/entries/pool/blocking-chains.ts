import type { WaitingRow } from './blocking-queries.ts';

/** Everybody who waits, directly or not, for one session that itself waits for nobody. */
export interface BlockingChain {
  /** 0 for a prepared transaction. */
  readonly root: number;
  /** The longest waiting first. */
  readonly waiting: readonly WaitingRow[];
  readonly longestSeconds: number;
}

/**
 * The chains behind each root, the longest wait first. Who waits for two roots is in both chains. A cycle, which is a
 * deadlock that has not been noticed yet, has no root and is named by its smallest pid.
 */
export function findChains(rows: readonly WaitingRow[]): BlockingChain[] {
  const byPid = new Map(rows.map(row => [row.pid, row]));
  const chains = new Map<number, Set<WaitingRow>>();
  for (const row of rows) {
    for (const root of rootsOf(row, byPid)) {
      const chain = chains.get(root) ?? new Set();
      chains.set(root, chain.add(row));
    }
  }
  return [...chains]
    .map(([root, members]) => {
      const waiting = [...members].sort((a, b) => b.seconds - a.seconds);
      return { root, waiting, longestSeconds: waiting[0]?.seconds ?? 0 };
    })
    .sort((a, b) => b.longestSeconds - a.longestSeconds);
}

function rootsOf(row: WaitingRow, byPid: ReadonlyMap<number, WaitingRow>): Set<number> {
  const seen = new Set<number>();
  const roots = new Set<number>();
  const open = [row.pid];
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    if (seen.has(pid)) continue;
    seen.add(pid);
    const blockers = byPid.get(pid)?.blockers ?? [];
    if (blockers.length === 0) roots.add(pid);
    open.push(...blockers);
  }
  if (roots.size > 0) roots.delete(row.pid);
  else roots.add(Math.min(...seen));
  return roots;
}
