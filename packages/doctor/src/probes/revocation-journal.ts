import { resolve } from 'node:path';
import { isUuid, type Settings } from '@holdfast/core';

/** An entry of the revocation journal: one session that ended before its time. */
export interface JournaledEnd {
  /** ISO 8601, by the clock of the database. */
  readonly at: string;
  readonly sessionId: string;
}

/** The file of the revocation journal; undefined when it is kept in Redis. */
export function journalFile(
  home: string,
  { revocationJournal }: Pick<Settings, 'revocationJournal'>,
): string | undefined {
  if (revocationJournal === 'redis') return undefined;
  return resolve(home, revocationJournal ?? 'revocations.ndjson');
}

/** The entries in lines of the journal; what a crash has cut off is left out. */
export function parseEntries(lines: readonly string[]): JournaledEnd[] {
  return lines.flatMap(line => {
    try {
      const { at, sessionId } = JSON.parse(line) as Partial<JournaledEnd>;
      const whole = typeof at === 'string' && !Number.isNaN(Date.parse(at)) && typeof sessionId === 'string';
      return whole && isUuid(sessionId) ? [{ at, sessionId }] : [];
    } catch {
      return [];
    }
  });
}
