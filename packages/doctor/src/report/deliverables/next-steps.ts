import type { Diagnosis } from '../../diagnosis.ts';
import { layerDepth } from '../../engine/index.ts';
import { MORE_TIME } from '../out-of-time.ts';
import type { Block } from './document.ts';
import { type Readings, readOf } from './readings.ts';
import type { RepairRecord } from './repair-record.ts';

const MAX_REMEDIES = 6;
const AGAIN = 'Examine again, to see that it has helped: holdfast doctor';

/** What to type now: the plan of each cause that still stands, the deepest layer first, then the database's own remedies. */
export function nextSteps(
  diagnosis: Diagnosis,
  readings: Readings,
  repairs: readonly RepairRecord[],
): Block[] {
  const items = [...interrupted(repairs), ...openCauses(diagnosis, repairs), ...doubts(diagnosis)];
  const steps: Block[] =
    items.length === 0
      ? [{ kind: 'text', text: nothingText(diagnosis) }]
      : [{ kind: 'list', ordered: true, items: [...items, AGAIN] }];
  return [...steps, ...databaseRemedies(readings), ...dependencyRemedies(readings)];
}

function nothingText({ status }: Diagnosis): string {
  if (status === 'incomplete')
    return `Nothing that was seen is broken. Not everything was: examine it with more time, as with ${MORE_TIME}.`;
  if (status === 'not_examined')
    return 'Say where the system is, and examine it again: holdfast doctor --api-url URL, with DATABASE_URL set. holdfast doctor --help tells more.';
  return 'No cause has to be repaired.';
}

function interrupted(repairs: readonly RepairRecord[]): string[] {
  return repairs
    .filter(({ outcome }) => outcome === 'interrupted' || outcome === 'failed')
    .map(({ code, subject, undo }) => `First settle the repair of ${code} at ${subject}. To undo: ${undo}`);
}

function openCauses({ rootCauses }: Diagnosis, repairs: readonly RepairRecord[]): string[] {
  const mended = (code: string, subject: string): boolean =>
    repairs.some(one => one.outcome === 'helped' && one.code === code && one.subject === subject);
  return rootCauses
    .filter(({ code, subject }) => !mended(code, subject))
    .toSorted((a, b) => layerDepth(a.layer) - layerDepth(b.layer))
    .flatMap(({ repair }) => repair.steps)
    .filter((step, index, all) => all.indexOf(step) === index);
}

function doubts({ undecided, unexplained }: Diagnosis): string[] {
  const separators = undecided.flatMap(({ separatedBy }) =>
    separatedBy.map(({ check, why }) => `Make it possible to check ${check}, which was not because: ${why}`),
  );
  const looks = unexplained.map(({ check, detail }) => `Look at ${check} yourself: ${detail}`);
  return [...separators, ...looks];
}

function databaseRemedies({ health }: Readings): Block[] {
  const report = readOf(health);
  if (report === undefined || !report.connection.ok) return [];
  const urgent = report.entries
    .filter(({ level, remedy }) => (level === 'critical' || level === 'warn') && remedy !== null)
    .toSorted((a, b) => Number(b.level === 'critical') - Number(a.level === 'critical'));
  const shown = urgent.slice(0, MAX_REMEDIES).map(
    ({ id, title, level, remedy }): Block => ({
      kind: 'commands',
      caption: `The database, ${level}: ${title} (${id})`,
      lines: (remedy ?? '').split('\n'),
    }),
  );
  const more = urgent.length - shown.length;
  return more <= 0
    ? shown
    : [...shown, { kind: 'text', text: `The database health has ${more} more remedies.` }];
}

function dependencyRemedies({ dependencies }: Readings): Block[] {
  const problems = (readOf(dependencies)?.findings ?? []).filter(({ severity }) => severity === 'problem');
  if (problems.length === 0) return [];
  return [
    {
      kind: 'list',
      ordered: false,
      items: problems.slice(0, MAX_REMEDIES).map(({ summary, remedy }) => `${summary} ${remedy}`),
    },
  ];
}
