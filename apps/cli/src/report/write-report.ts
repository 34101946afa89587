import { randomBytes } from 'node:crypto';
import {
  buildReport,
  type RepairRecord,
  reportId,
  type StoredReport,
  storeReport,
} from '@holdfast/doctor/report';
import { version } from '../version.ts';
import { rememberPlace } from './report-places.ts';
import { type ReadingContext, takeReadings } from './take-readings.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';

/** Takes the readings and writes the report of a diagnosis. @throws HoldfastError `usage` when it cannot be written. */
export async function writeReport(
  context: ReadingContext & { readonly repairs?: readonly RepairRecord[] },
): Promise<StoredReport> {
  const { diagnosis, request, configuration, repairs = [] } = context;
  const readings = await takeReadings(context);
  const tail = Array.from(randomBytes(4), byte => LETTERS[byte % LETTERS.length]).join('');
  const id = reportId(new Date(diagnosis.timings.startedAt), tail);
  const report = buildReport({ diagnosis, readings, repairs, id, version: version() });
  const stored = await storeReport(request.directory, report, diagnosis);
  await rememberPlace(configuration.home, request.directory);
  return stored;
}
