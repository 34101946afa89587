import type { Evidence, HealthReading } from '../entry.ts';

const LIMIT = 20;

/** What a reading shows of its rows, which come worst first: the first twenty, and how many there are besides. */
export function evidenceList(rows: readonly Evidence[]): {
  readonly evidence: readonly Evidence[];
  readonly more?: number;
} {
  if (rows.length <= LIMIT) return { evidence: rows };
  return { evidence: rows.slice(0, LIMIT), more: rows.length - LIMIT };
}

export type Level = Exclude<HealthReading['level'], 'skipped'>;

/** The level of a number that is the worse the higher it is. */
export function levelAt(value: number, warn: number, critical: number): Level {
  if (value >= critical) return 'critical';
  return value >= warn ? 'warn' : 'ok';
}

export function worst(levels: readonly Level[]): Level {
  if (levels.includes('critical')) return 'critical';
  return levels.includes('warn') ? 'warn' : 'ok';
}

/** `1 table`, `2 tables`: the plural of a regular noun. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

/** Statements to paste, the first few of many: a remedy is read, and what is left shows up the next time. */
export function remedyFor<T>(items: readonly T[], text: (item: T) => string, limit = 5): string {
  const parts = items.slice(0, limit).map(text);
  if (items.length > limit) parts.push(`-- and the same for ${items.length - limit} more`);
  return parts.join('\n');
}
