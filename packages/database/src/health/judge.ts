import type { Evidence, HealthContext, HealthReading } from './entry.ts';

export type Level = 'ok' | 'warn' | 'critical';

const SHOWN = 20;

/** The level of a number that is bad when it is large. */
export function levelAbove(value: number, warn: number, critical: number): Level {
  if (value >= critical) return 'critical';
  return value >= warn ? 'warn' : 'ok';
}

/** The worst of some levels. */
export function worstLevel(levels: readonly Level[]): Level {
  if (levels.includes('critical')) return 'critical';
  return levels.includes('warn') ? 'warn' : 'ok';
}

/** The first twenty rows of evidence, which come worst first, and how many there are beyond. */
export function shownEvidence(
  rows: readonly Evidence[],
): Pick<Extract<HealthReading, { level: 'ok' | 'warn' | 'critical' }>, 'evidence' | 'more'> {
  return {
    evidence: rows.slice(0, SHOWN),
    ...(rows.length > SHOWN ? { more: rows.length - SHOWN } : {}),
  };
}

/** Statements to paste, the first few of many: a remedy is read, and what is left shows up the next time. */
export function remedyFor<T>(items: readonly T[], text: (item: T) => string, limit = 5): string {
  const parts = items.slice(0, limit).map(text);
  if (items.length > limit) parts.push(`-- and the same for ${items.length - limit} more`);
  return parts.join('\n');
}

/** The statement that lets the examining role see what others do. */
export function monitorGrant({ server }: HealthContext): string {
  return `grant pg_monitor to "${server.user.replaceAll('"', '""')}"`;
}

/** One line of a query, short enough for a screen. */
export function queryText(query: string | null): string | null {
  return query === null ? null : query.replaceAll(/\s+/g, ' ').trim().slice(0, 160);
}
