import { HoldfastError, isHoldfastError, systemClock } from '@holdfast/core';
import { bytesText } from '@holdfast/database/health';
import {
  type BesidePlan,
  type BesideResult,
  forgetReplacedDatabase,
  listReplacedDatabases,
  planBeside,
  restoreBesideDatabase,
  undoBeside,
} from '@holdfast/database/restore';
import { epochRecorder, findRunningKeeper, homePaths } from '@holdfast/keeper';
import { type OwnerAccess, withOwnerAccess } from '../database-access.ts';
import { databaseNameIn } from '../database-name.ts';
import type { Configuration } from '../env.ts';
import type { ExitCode } from '../exit-codes.ts';
import { count } from '../migrate/text.ts';
import { version } from '../version.ts';
import { restartServer } from './ask-keeper.ts';
import type { ChosenDump, FoundDump } from './find-dump.ts';
import { nothingToUndo } from './nothing-to-undo.ts';
import { programPlaces } from './program-places.ts';
import { jobsOf, type RestoreContext } from './restore-options.ts';
import { undoableLines, undoableTables } from './undoable-tables.ts';

const NOT_DONE = '\n\nNothing was done. To do it, add --yes.';

/** Restores a dump on the server of now, in the place of one database of it. */
export async function restoreDump(
  context: RestoreContext,
  configuration: Configuration,
  chosen: ChosenDump,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { options, terminal } = context;
  return withServer(context, configuration, async url => {
    const plan = await planBeside(url, chosen.contentOf(databaseNameIn(url)));
    const possible = plan.obstacles.length === 0;
    if (options.yes === true && possible) return load(context, configuration, chosen, { url, signal });
    const { what, label, at, warnings } = chosen;
    const hint = options.plan === true || !possible ? '' : NOT_DONE;
    terminal.result(
      { done: false, what, label, at, warnings, ...plan },
      () => `${planText(chosen, plan)}${hint}`,
    );
    return options.plan === true && possible ? 0 : 1;
  });
}

async function load(
  context: RestoreContext,
  configuration: Configuration,
  chosen: ChosenDump,
  { url, signal }: { readonly url: string; readonly signal: AbortSignal },
): Promise<ExitCode> {
  const { options, terminal, environment } = context;
  for (const warning of chosen.warnings) terminal.progress(warning);
  const dump = await chosen.find(databaseNameIn(url));
  try {
    const result = await chosen.comparing(() =>
      restoreBesideDatabase({
        ...dump,
        url,
        programs: programPlaces(configuration, environment),
        jobs: jobsOf(options),
        signal,
        acceptProblems: options['accept-problems'] === true,
        recordEpoch: recorder(configuration),
        clock: systemClock,
        onProgress: terminal.progress,
      }),
    );
    const warnings = await refreshServer(configuration, signal);
    const undo = isEmbedded(configuration) ? '--undo --dump' : '--undo';
    terminal.result({ done: true, ...result, warnings }, () =>
      [resultText(dump, result, undo), ...warnings].join('\n'),
    );
    return 0;
  } finally {
    await dump.dispose();
  }
}

function planText(
  { what, label, at, warnings }: ChosenDump,
  { database, exists, presentBytes, obstacles }: BesidePlan,
): string {
  const called = label === null ? '' : `, labelled "${label}"${at === null ? ',' : ''}`;
  const of = at === null ? '' : `, of ${at},`;
  const size = presentBytes === null ? '' : ` (${bytesText(presentBytes)})`;
  const present = exists
    ? `Then it takes the name ${database}; the present one${size} is kept for --undo. What was written ${at === null ? 'since' : `after ${at}`} is lost.`
    : `There is no database ${database} yet: it gets this name.`;
  return [
    `Loads ${what}${called}${of} into a new database on the same server, and compares it. ${present}`,
    ...warnings,
    ...obstacles.map(obstacle => `Not possible as things are: ${obstacle}.`),
  ].join('\n');
}

/** Brings back the database that the last restore has replaced. */
export function undoDump(
  context: RestoreContext,
  configuration: Configuration,
  signal: AbortSignal,
): Promise<ExitCode> {
  return withServer(context, configuration, async url => {
    const { options, terminal } = context;
    const [last] = await listReplacedDatabases(url);
    const { database, obstacles } = await planBeside(url);
    if (last === undefined) throw await nothingToUndo(`for ${database}`, url);
    if (obstacles.length > 0)
      throw new HoldfastError(
        'restore_refused',
        `It cannot be undone as things are: ${obstacles.join('; ')}.`,
      );
    if (options.yes !== true) {
      const text = `${last.name} would be called ${database} again (${last.comment ?? 'of a restore'}), without what was written since. The database of now would be kept.`;
      return shownUndo(context, { database, replaced: last.name }, text);
    }
    const result = await undoBeside({ url, recordEpoch: recorder(configuration), clock: systemClock });
    const warnings = await refreshServer(configuration, signal);
    terminal.result({ done: true, ...result, warnings }, () =>
      [`Back again; the one of before is kept as ${result.replaced}.`, ...warnings].join('\n'),
    );
    return 0;
  });
}

/** An undo that is not done for lack of `--yes`. */
export function shownUndo({ options, terminal }: RestoreContext, what: object, text: string): ExitCode {
  const isPlan = options.plan === true;
  terminal.result({ done: false, ...what }, () => (isPlan ? text : `${text}${NOT_DONE}`));
  return isPlan ? 0 : 1;
}

/** Replaced databases that are not removed for lack of `--yes`. */
export function shownForget(context: RestoreContext, names: readonly (string | null)[]): ExitCode {
  const text = `Would be removed for good, and no undo reaches them afterwards: ${names.filter(name => name !== null).join(', ')}.`;
  return shownUndo(context, { wouldRemove: names }, text);
}

/** Shows the replaced databases of a server, and the restores of tables that can be taken back, or removes them. */
export function replacedDatabases(context: RestoreContext, configuration: Configuration): Promise<ExitCode> {
  const { options, terminal } = context;
  return withServer(context, configuration, async url => {
    const found = await listReplacedDatabases(url);
    if (options.forget === undefined) {
      const tableRestores = await undoableTables(url);
      const lines = found.map(({ name, comment }) => `${name}  ${comment ?? ''}`);
      terminal.result({ replaced: found, tableRestores }, () =>
        [
          ...(lines.length === 0 ? ['No replaced database is kept.'] : lines),
          ...undoableLines(tableRestores),
        ].join('\n'),
      );
      return 0;
    }
    const chosen = options.forget === 'all' ? found : found.filter(({ name }) => name === options.forget);
    if (chosen.length === 0 && options.forget !== 'all')
      throw new HoldfastError(
        'not_found',
        `There is no replaced database ${options.forget}; --list shows them.`,
      );
    if (chosen.length > 0 && options.yes !== true) {
      return shownForget(
        context,
        chosen.map(({ name }) => name),
      );
    }
    for (const database of chosen) await forgetReplacedDatabase(url, database);
    terminal.result(
      { removed: chosen.map(({ name }) => name) },
      () => `Removed ${count(chosen.length, 'database')}.`,
    );
    return 0;
  });
}

/** Of the embedded server as its superuser, who alone may make databases there. */
function withServer(
  { terminal, flags }: RestoreContext,
  configuration: Configuration,
  work: (url: string) => Promise<ExitCode>,
): Promise<ExitCode> {
  return withOwnerAccess(configuration, terminal, flags['database-url'], (access: OwnerAccess) => {
    const url = new URL(access.adminUrl);
    url.pathname = new URL(access.url).pathname;
    return work(url.href);
  });
}

function isEmbedded({ settings }: Configuration): boolean {
  return settings.databaseUrl === undefined;
}

function recorder({ home, settings }: Configuration): ReturnType<typeof epochRecorder> {
  return epochRecorder({ home, settings, version: version() });
}

/** What a server remembers of the old database does not hold in the new one. Resolves to what to tell when it does not serve yet. */
async function refreshServer({ home }: Configuration, signal: AbortSignal): Promise<string[]> {
  const keeper = findRunningKeeper(homePaths(home));
  if (keeper === undefined) return [];
  try {
    const notYet = await restartServer({ home, run: keeper.run }, signal);
    return notYet === undefined ? [] : [notYet];
  } catch (error) {
    if (isHoldfastError(error, 'not_found')) return [];
    throw error;
  }
}

function resultText(
  { what }: FoundDump,
  { database, replaced, tables, rows, problems, leftOut, notSet }: BesideResult,
  undo: string,
): string {
  return [
    `Restored ${what} as ${database}: ${count(tables, 'table')}, ${count(rows, 'row')}.`,
    ...problems.map(({ subject, message }) => `  accepted: ${subject}: ${message}`),
    ...leftOut.map(
      name => `Left out: the extension ${name}, which only a superuser may make and nothing restored needs.`,
    ),
    ...notSet.map(
      statement => `Not set, because the role that restored may not; as a superuser, run: ${statement};`,
    ),
    ...(replaced === null
      ? []
      : [`The former one is kept as ${replaced}; holdfast restore ${undo} --yes brings it back.`]),
  ].join('\n');
}
