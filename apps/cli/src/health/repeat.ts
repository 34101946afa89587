import { systemClock } from '@holdfast/core';
import type { ExitCode } from '../exit-codes.ts';
import { listenForStop } from '../stop-signals.ts';
import type { HealthRequest } from './health-options.ts';

/** Does something once, or again and again until it was done often enough or Ctrl-C; the last exit code counts. */
export async function repeat(
  watch: HealthRequest['watch'],
  launcher: number | undefined,
  work: (signal: AbortSignal | undefined, round: number) => Promise<ExitCode>,
): Promise<ExitCode> {
  if (watch === undefined) return work(undefined, 0);
  const stop = listenForStop(launcher);
  let code: ExitCode = 0;
  try {
    for (let round = 0; round < watch.count && !stop.first.aborted; round += 1) {
      if (round > 0) await systemClock.sleep(watch.intervalMs, stop.first).catch(() => undefined);
      if (stop.first.aborted) break;
      code = await work(stop.first, round);
    }
    return code;
  } finally {
    stop.dispose();
  }
}
