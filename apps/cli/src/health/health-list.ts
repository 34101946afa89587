import type { HealthEntry, ThresholdOverrides } from '@holdfast/database/health';
import type { Terminal } from '../terminal.ts';

/** Prints the entries with the limits that would be used; examines nothing. */
export function listEntries(
  entries: readonly HealthEntry[],
  overrides: ThresholdOverrides,
  terminal: Terminal,
): void {
  const items = entries.map(({ number, id, area, title, meaning, quick, thresholds }) => ({
    ...{ number, id, area, title, meaning, quick },
    thresholds: { ...thresholds, ...overrides[id] },
  }));
  terminal.result({ entries: items }, () =>
    items
      .map(({ number, id, title, quick, thresholds }) => {
        const limits = Object.entries(thresholds).map(([name, value]) => `${id}.${name}=${value}`);
        const scope = quick ? '' : '  (detailed-health only)';
        return `${String(number).padStart(2)} ${terminal.style('bold', id)}  ${title}${scope}${limits.length === 0 ? '' : `\n     ${limits.join('  ')}`}`;
      })
      .join('\n'),
  );
}
