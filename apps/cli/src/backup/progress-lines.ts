import { type Clock, systemClock } from '@holdfast/core';
import type { BackupProgress } from '@holdfast/database/backup';
import { formatBytes } from '../migrate/text.ts';
import type { Terminal } from '../terminal.ts';

const PAUSE_MS = 250;

/** One line for each step; on a terminal, what is done, how fast and how long it will take is shown within it. */
export function progressLines(
  terminal: Terminal,
  clock: Clock = systemClock,
): (progress: BackupProgress) => void {
  let step = '';
  let begun = 0;
  let shown = 0;
  return progress => {
    const now = clock.monotonic();
    if (progress.step !== step) {
      step = progress.step;
      begun = now;
      shown = now;
      terminal.progress(step);
      return;
    }
    if (progress.doneBytes === undefined || now - shown < PAUSE_MS) return;
    shown = now;
    terminal.status(`${step}: ${amountText(progress.doneBytes, progress.totalBytes, now - begun)}`);
  };
}

function amountText(done: number, total: number | undefined, ms: number): string {
  const rate = done / Math.max(1, ms);
  const speed = `${formatBytes(rate * 1_000)}/s`;
  if (total === undefined) return `${formatBytes(done)}, ${speed}`;
  const left = Math.ceil((total - done) / Math.max(rate, 1) / 1_000);
  return `${formatBytes(done)} of ${formatBytes(total)}, ${speed}, ${left} s left`;
}
