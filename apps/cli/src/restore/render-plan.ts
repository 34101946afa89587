import { bytesText } from '@holdfast/database/health';
import type { RecoveryTarget, RestorePlan } from '@holdfast/database/restore';
import { count } from '../migrate/text.ts';

/** A plan in sentences, with what is to be known of the choice of its backup. */
export function renderPlan(plan: RestorePlan, warnings: readonly string[]): string {
  const { backup, label, restoresTo, neededBytes, freeBytes, lost, obstacles } = plan;
  const free = freeBytes === null ? '' : `, of ${bytesText(freeBytes)} that are free`;
  return [
    `Restores backup ${backup}${label === null ? '' : `, labelled "${label}",`} to ${targetText(plan.target)}${restoresTo === null ? '' : ` (${restoresTo})`}.`,
    ...warnings,
    `Needs about ${bytesText(neededBytes)}${free}.`,
    'It is restored beside and examined, takes over within seconds, and can be undone: the database of now is kept.',
    '',
    ...lossLines(lost, plan),
    ...obstacles.map(obstacle => `Not possible as things are: ${obstacle}.`),
  ].join('\n');
}

function targetText(target: RecoveryTarget): string {
  switch (target.kind) {
    case 'backup':
      return 'its own point';
    case 'latest':
      return 'the end of the WAL archive';
    case 'time':
      return 'a point in time';
    case 'lsn':
      return `the position ${target.lsn}`;
    case 'transaction':
      return `${target.inclusive ? 'right after' : 'just before'} transaction ${target.xid}`;
  }
}

function lossLines(lost: RestorePlan['lost'], { present, restoresTo }: RestorePlan): string[] {
  if (present === null) return ['What would be lost is not known: the database of now does not answer.'];
  const commits =
    lost.commits === null
      ? []
      : [
          `  ${count(lost.commits, 'transaction')} committed afterwards${lost.firstCommitAt === null ? '' : `, the first at ${lost.firstCommitAt}`}`,
        ];
  const wal = lost.walBytes === null ? [] : [`  ${bytesText(lost.walBytes)} of WAL written afterwards`];
  const tables = lost.tables.map(
    ({ database, table, backup, present: now, counted }) =>
      `  ${database === present.database ? '' : `database ${database}: `}${table}: ${count(backup, 'row')} in the backup, ${now === null ? 'not counted now' : `${counted ? '' : 'about '}${now} now`}`,
  );
  return [
    `Would be lost: what was written after ${restoresTo ?? 'that point'}.`,
    ...commits,
    ...wal,
    ...tables,
  ];
}
