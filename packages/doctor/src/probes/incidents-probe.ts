import { join } from 'node:path';
import type { Clock } from '@holdfast/core';
import type { Target } from '../target.ts';
import { couldNotLook, type Looks } from './probe.ts';
import { readTail } from './read-tail.ts';
import { clean } from './server-log.ts';

const DAY_MS = 86_400_000;

interface Incident {
  readonly id: string;
  readonly part: string;
  readonly kind: string;
  readonly reason: string;
  readonly startedAt: string;
  readonly recoveredAt: string | null;
}

/** What the keeper wrote down about the trouble it met; nothing where no keeper has run. */
export async function lookAtIncidents({ home }: Target, { now }: Pick<Clock, 'now'>): Promise<Looks> {
  const path = join(home, 'reports', 'incidents.ndjson');
  try {
    const incidents = lastStates(await readTail(path));
    const open = incidents.filter(({ recoveredAt }) => recoveredAt === null);
    const recent = incidents.filter(({ recoveredAt }) => Date.parse(recoveredAt ?? '') > now() - DAY_MS);
    return {
      'keeper.incidents': {
        saw: {
          path,
          open: open.map(({ part, kind, reason, startedAt }) => ({
            part,
            kind,
            reason: clean(reason),
            startedAt,
          })),
          recovered: recent.length,
        },
      },
    };
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return absent ? {} : { 'keeper.incidents': couldNotLook(error) };
  }
}

/** Each change of an incident is a line of its own: the last one with an id holds. */
function lastStates(lines: readonly string[]): Incident[] {
  const incidents = lines.flatMap(line => {
    try {
      const incident = JSON.parse(line) as Partial<Incident>;
      return typeof incident.id === 'string' ? [incident as Incident] : [];
    } catch {
      return [];
    }
  });
  return [...new Map(incidents.map(incident => [incident.id, incident])).values()];
}
