import { defineEntry } from '../../entry.ts';
import { ageText, countText } from '../../quantity.ts';
import { attempt } from '../attempt.ts';
import { type ArchiverState, readArchiver, waitingSegments } from './storage-queries.ts';

export const archiver = defineEntry({
  number: 57,
  id: 'archiver',
  area: 'storage',
  title: 'WAL archiving',
  meaning:
    'WAL is not archived: no restore reaches a moment after the last archived segment, and what waits fills the disk.',
  quick: true,
  thresholds: { warnWaiting: 3, criticalFailingMinutes: 15 },
  check: async ({ db }, { warnWaiting, criticalFailingMinutes }) => {
    const state = await readArchiver(db);
    if (state.mode === 'off') {
      return { level: 'ok', summary: 'archive_mode is off', metrics: { archiving_enabled: 0 } };
    }
    const listed = await attempt(db, waitingSegments());
    const waiting = listed.ok ? (listed.rows[0]?.waiting ?? 0) : undefined;
    const metrics = {
      archiving_enabled: 1,
      archiving_failing: isFailing(state) ? 1 : 0,
      ...(waiting === undefined ? {} : { waiting_segments: waiting }),
      ...(state.lastArchivedSeconds === null ? {} : { last_archived_seconds: state.lastArchivedSeconds }),
    };
    const level = judge(state, waiting ?? 0, warnWaiting, criticalFailingMinutes);
    const summary = summarize(state, waiting);
    if (level === 'ok') return { level, summary, metrics };
    const { lastArchived, lastFailed, lastFailedSeconds, currentSegment } = state;
    const evidence = [
      { lastArchived, lastFailed, lastFailedSeconds, currentSegment, waitingSegments: waiting ?? null },
    ];
    return { level, summary, evidence, remedy: remedy(state), metrics };
  },
});

/** By what happened last: the counters still show what was mended long ago. */
function isFailing({ lastArchivedSeconds, lastFailedSeconds }: ArchiverState): boolean {
  if (lastFailedSeconds === null) return false;
  return lastArchivedSeconds === null || lastFailedSeconds < lastArchivedSeconds;
}

function judge(state: ArchiverState, waiting: number, warnWaiting: number, failingMinutes: number) {
  if (isFailing(state)) {
    const since = state.lastArchivedSeconds ?? Number.POSITIVE_INFINITY;
    return since >= failingMinutes * 60 ? 'critical' : 'warn';
  }
  return waiting >= warnWaiting || !state.configured ? 'warn' : 'ok';
}

function summarize(state: ArchiverState, waiting: number | undefined): string {
  const queue = waiting === undefined ? '' : `, ${countText(waiting, 'segment')} waiting`;
  const last =
    state.lastArchivedSeconds === null
      ? 'nothing was ever archived'
      : `last archived ${ageText(state.lastArchivedSeconds * 1_000)} ago`;
  if (!state.configured) {
    return `archive_mode is on, but neither archive_command nor archive_library is set${queue}`;
  }
  return `${isFailing(state) ? `archiving fails (${state.lastFailed}), ` : ''}${last}${queue}`;
}

function remedy({ configured }: ArchiverState): string {
  return configured
    ? "select * from pg_stat_archiver;\nselect name, setting from pg_settings where name like 'archive%';\n-- the server's log has what the command said; run it by hand as the user of the server"
    : '-- set archive_command to what keeps the WAL, and reload the configuration; or, without archiving, this and a restart\nalter system set archive_mode = off;';
}
