import { dirname } from 'node:path';
import {
  formerDatabase,
  type PreparedRestore,
  planRestore,
  prepareRestore,
  prepareUndo,
} from '@holdfast/database/restore';
import { listTakeovers, placeRestore, readClusterState } from '@holdfast/postgres/cluster';
import type { BackupPlaces } from '../backup/backup-places.ts';
import { progressLines } from '../backup/progress-lines.ts';
import type { Configuration } from '../env.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Origin } from './find-origin.ts';
import { noticingDamage } from './met-damage.ts';
import { nothingToUndo } from './nothing-to-undo.ts';
import { programPlaces } from './program-places.ts';
import { renderPlan } from './render-plan.ts';
import { shownUndo } from './restore-dump.ts';
import { jobsOf, type RestoreContext, targetOf } from './restore-options.ts';
import { runningUrl } from './running-url.ts';
import { takeOver } from './take-over.ts';

/** Restores a backup in the place of the embedded database. */
export async function restoreEmbedded(
  context: RestoreContext,
  configuration: Configuration,
  { places, origin }: { readonly places: BackupPlaces; readonly origin: Origin },
  signal: AbortSignal,
): Promise<ExitCode> {
  const { options, terminal, environment } = context;
  const { home, settings } = configuration;
  const { repository, backup, archive, warnings } = origin;
  const { target } = origin.reach;
  const { postgresUser: systemUser, postgresDir: sharedDir } = settings;
  const known = await readClusterState(home);
  const presentUrl = await runningUrl(home);
  const plan = await planRestore({
    backup,
    archive,
    target: targetOf(options),
    presentUrl,
    place: known === undefined ? home : dirname(known.dataDir),
  });
  if (options.plan === true || options.yes !== true || plan.obstacles.length > 0) {
    const hint = options.plan === true ? '' : '\n\nNothing was done. To do it, add --yes.';
    terminal.result(
      { done: false, plan, warnings },
      () => `${renderPlan(plan, warnings)}${plan.obstacles.length > 0 ? '' : hint}`,
    );
    return options.plan === true && plan.obstacles.length === 0 ? 0 : 1;
  }
  for (const warning of warnings) terminal.progress(warning);
  const cluster = await placeRestore({ home, systemUser, sharedDir });
  const prepared = await noticingDamage({ context, places, origin, signal, isolated: true }, () =>
    prepareRestore({
      repository,
      backup,
      archive,
      target,
      home,
      cluster,
      sharedDir,
      programs: programPlaces(configuration, environment),
      jobs: jobsOf(options),
      acceptProblems: options['accept-problems'] === true,
      signal,
      onProgress: progressLines(terminal),
    }),
  );
  const { takeover } = prepared;
  const notYet = await takeOver({ configuration, terminal, cluster, takeover, signal });
  const all = [...warnings, ...given(notYet)];
  const kept = (await listTakeovers(home)).some(({ id }) => id === takeover.id);
  terminal.result({ done: true, ...prepared, kept, warnings: all }, () =>
    [resultText(prepared, kept), ...given(notYet)].join('\n'),
  );
  return 0;
}

/** `kept`: whether the former database is there; it is not where its files were gone. */
function resultText({ takeover, examination }: PreparedRestore, kept: boolean): string {
  const { tables, rows, problems, unchecked } = examination;
  return [
    `Restored ${takeover.what}, as of ${takeover.restoredTo}: ${tables} tables, ${rows} rows in the backup${problems.length === 0 ? ', examined and sound' : ''}.`,
    ...problems.map(({ subject, message }) => `  accepted: ${subject}: ${message}`),
    ...unchecked.map(what => `  not checked: ${what}`),
    `Sessions go on; what was ended stays ended. ${kept ? 'holdfast restore --undo --yes brings the former database back.' : 'There was no former database to keep.'}`,
    'A new backup makes the next restore shorter: holdfast backup.',
  ].join('\n');
}

/** Brings back what the last restore has replaced. */
export async function undoEmbedded(
  context: RestoreContext,
  configuration: Configuration,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { terminal, options } = context;
  const { home, settings } = configuration;
  const { postgresUser: systemUser, postgresDir: sharedDir } = settings;
  const [last] = await listTakeovers(home);
  if (last === undefined) throw await nothingToUndo(`on ${home}`, await runningUrl(home));
  if (options.yes !== true) {
    const former = formerDatabase(last.what);
    const text = `${former.charAt(0).toUpperCase()}${former.slice(1)} (replaced ${last.switchedAt ?? 'at an unknown time'}) would take over again, without what was written since. The database of now would be kept.`;
    return shownUndo(context, { takeover: last }, text);
  }
  const cluster = await placeRestore({ home, systemUser, sharedDir });
  const takeover = await prepareUndo(home, cluster);
  const warnings = given(await takeOver({ configuration, terminal, cluster, takeover, signal }));
  terminal.result({ done: true, takeover, warnings }, () =>
    [`Back again: ${takeover.what}.`, ...warnings].join('\n'),
  );
  return 0;
}

function given(text: string | undefined): string[] {
  return text === undefined ? [] : [text];
}
