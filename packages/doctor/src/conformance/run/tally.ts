import type { Exchange } from '../http/exchange.ts';
import type { OperationTally } from '../report/api-report.ts';

/** Counts answers and times of operations. */
export interface Tally {
  record(operation: string, exchange: Exchange): void;
  list(target: string): OperationTally[];
}

interface Counts {
  requests: number;
  readonly statuses: Map<string, number>;
  readonly times: number[];
}

function emptyCounts(): Counts {
  return { requests: 0, statuses: new Map(), times: [] };
}

export function createTally(): Tally {
  const counts = new Map<string, Counts>();
  return {
    record: (operation, exchange) => {
      const own = counts.get(operation) ?? emptyCounts();
      counts.set(operation, own);
      const status = exchange.result === 'answered' ? String(exchange.status) : exchange.result;
      own.requests += 1;
      own.statuses.set(status, (own.statuses.get(status) ?? 0) + 1);
      // what fails or is refused says nothing about how long the work takes
      if (exchange.result === 'answered' && exchange.status < 400) own.times.push(exchange.milliseconds);
    },
    list: target =>
      [...counts].map(([operation, { requests, statuses, times }]) => ({
        operation,
        target,
        requests,
        statuses: Object.fromEntries(statuses),
        p50: quantile(times, 0.5),
        p95: quantile(times, 0.95),
      })),
  };
}

/** The smallest value that is not below the given share of all; rounded to tenths. */
export function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  return value === undefined ? undefined : Math.round(value * 10) / 10;
}
