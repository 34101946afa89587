import type { Diagnosis } from '@holdfast/doctor';

/** A place of this run, and what stands for it in every run. */
export type Place = readonly [here: string, everywhere: string];

/** What is another number in every run, and the one that is shown. */
const PASSING: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, '2026-05-01T10:00:00.000Z'],
  [/(?<=\bprocess )\d+/g, '4711'],
  [/(?<=-CONT |-CONT -P |-p |pid )\d+/g, '4711'],
  [/(?<=pg_(?:terminate|cancel)_backend\(|\bsession )\d+/g, '4711'],
  // an account of the doctor's own may be there or not at the moment of the look
  [/(?<=\b0 of )\d+ live sessions?/g, '1 live session'],
  [/(?<=\b1 of )\d+ live sessions?(?= have no refresh token family)/g, '2 live sessions'],
  [/(?<= no refresh token family; the table holds )\d+/g, '1'],
  [/\d+ sessions? waits?\b/g, '2 sessions wait'],
  [/(?<=\bkey )[\w-]{8}(?=…)/g, 'pZ4kQ0vT'],
  [/\d+(?:\.\d+)?(?= ms\b)/g, '3'],
  [/\d+(?:\.\d+)?(?= s\b)/g, '4'],
  // of a pool whose connections run out one by one
  [/(?<=The database does not )answer in time(?=\.; schema)/g, 'accept connections from here'],
  [/\d+(?= MiB free)/g, '20480'],
  [/\d+(?= of \d+ connections in use)/g, '4'],
  [/(?<=\bPostgreSQL )\d+\.\d+/g, '18.4'],
];

/** The same diagnosis with the places, times and process ids that stand for those of this run. */
export function settle(diagnosis: Diagnosis, places: readonly Place[]): Diagnosis {
  const known = places.reduce(
    (text, [here, everywhere]) => text.replaceAll(here, everywhere),
    JSON.stringify(diagnosis),
  );
  const settled = PASSING.reduce((text, [passing, shown]) => text.replace(passing, shown), known);
  return JSON.parse(settled) as Diagnosis;
}
