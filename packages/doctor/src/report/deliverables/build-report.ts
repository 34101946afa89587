import type { Diagnosis } from '../../diagnosis.ts';
import { apiRestoration } from './api-restoration.ts';
import { authentication } from './authentication.ts';
import { databaseHealth } from './database-health.ts';
import type { Report } from './document.ts';
import { integration } from './integration.ts';
import { performance } from './performance.ts';
import type { Readings } from './readings.ts';
import { redactReport } from './redact-report.ts';
import type { RepairRecord } from './repair-record.ts';
import { STATUS_TONES, summary } from './summary.ts';

export interface ReportParts {
  readonly diagnosis: Diagnosis;
  readonly readings: Readings;
  /** What was repaired after the diagnosis, in its order; none when the doctor only looked. */
  readonly repairs?: readonly RepairRecord[];
  /** A name for the report that sorts by time and is safe as the name of a directory. */
  readonly id: string;
  /** Of the program. */
  readonly version: string;
}

/**
 * The six deliverables from a diagnosis and what was read besides. Everything is redacted first, so no renderer can show more.
 * What could not be read is said where it would have been. Pure.
 */
export function buildReport({ id, version, ...parts }: ReportParts): Report {
  const { diagnosis, readings, repairs } = redactReport({ ...parts, repairs: parts.repairs ?? [] });
  return {
    id,
    version,
    createdAt: diagnosis.timings.startedAt,
    status: diagnosis.status,
    tone: STATUS_TONES[diagnosis.status],
    headline: diagnosis.headline,
    target: targetFacts(diagnosis),
    deliverables: [
      summary(diagnosis, readings, repairs),
      databaseHealth(diagnosis, readings),
      authentication(diagnosis, readings, repairs),
      apiRestoration(diagnosis, readings, repairs),
      integration(diagnosis, readings),
      performance(diagnosis, readings),
    ],
  };
}

function targetFacts({ target }: Diagnosis): (readonly [string, string])[] {
  const facts: (readonly [string, string | null])[] = [
    ['API', target.apiUrl],
    ['Keeper or proxy', target.keeperUrl],
    ['Database', target.databaseUrl],
    ['State directory', target.home],
  ];
  return facts.map(([name, value]) => [name, value ?? 'not known']);
}
