import type { LastRun } from '../backups/run-record.ts';
import type { SystemStatus } from '../status.ts';
import { family, type Labels } from './metric-family.ts';

type Values = [Labels, number][];

/** What came of the scheduled backups and drills, for Prometheus. Without a run there is nothing to tell. */
export function backupFamilies({ backup, drill }: SystemStatus['backups']): string[] {
  return [...runFamilies('backup', 'backup', backup), ...runFamilies('drill', 'restore drill', drill)];
}

function runFamilies(name: string, what: string, { last, places }: LastRun): string[] {
  const single = (value: number | undefined): Values => (value === undefined ? [] : [[{}, value]]);
  const each = (value: (place: LastRun['places'][number]) => number | null): Values =>
    places.flatMap((place): Values => {
      const found = value(place);
      return found === null ? [] : [[{ destination: place.destination }, found]];
    });
  return [
    family(
      `holdfast_${name}_last_run_timestamp_seconds`,
      'gauge',
      `When the last scheduled ${what} ended, well or not.`,
      single(last === null ? undefined : Date.parse(last.at) / 1_000),
    ),
    family(
      `holdfast_${name}_last_run_duration_seconds`,
      'gauge',
      `How long the last scheduled ${what} took.`,
      single(last === null ? undefined : last.durationMs / 1_000),
    ),
    family(
      `holdfast_${name}_last_run_failed`,
      'gauge',
      `Whether the last scheduled ${what} failed at this destination.`,
      each(({ failed }) => (failed ? 1 : 0)),
    ),
    family(
      `holdfast_${name}_last_success_timestamp_seconds`,
      'gauge',
      `When a scheduled ${what} last went well at this destination.`,
      each(({ lastGoodAt }) => (lastGoodAt === null ? null : Date.parse(lastGoodAt) / 1_000)),
    ),
    family(
      `holdfast_${name}_last_success_bytes`,
      'gauge',
      `Size of the last good ${what} as it is stored at this destination.`,
      each(({ bytes }) => bytes),
    ),
  ];
}
