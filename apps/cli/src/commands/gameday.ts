import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { journalPath } from '@holdfast/auth';
import { keyringPath } from '@holdfast/auth/tokens';
import { errorMessage, HoldfastError, isHoldfastError, systemClock } from '@holdfast/core';
import { homePaths, type Launcher } from '@holdfast/keeper';
import { makeDirectory } from '@holdfast/postgres';
import { readClusterState } from '@holdfast/postgres/cluster';
import { type CommandContext, defineCommand } from '../command.ts';
import { type Configuration, launcherPid } from '../env.ts';
import type { ExitCode } from '../exit-codes.ts';
import { GAMEDAY_OPTIONS, readPlan } from '../gameday/gameday-options.ts';
import { gamedayMarkdown } from '../gameday/report/gameday-markdown.ts';
import { renderGameday } from '../gameday/report/render-gameday.ts';
import { type GamedayResult, runGameday } from '../gameday/run-gameday.ts';
import type { Original } from '../gameday/system/copy-home.ts';
import { selfLauncher } from '../self-launcher.ts';
import { listenForStop } from '../stop-signals.ts';

type GamedayContext = CommandContext<typeof GAMEDAY_OPTIONS>;

/** `holdfast gameday`: the day it is needed, rehearsed. */
export const gameday = defineCommand({
  usage: '',
  description:
    'Rehearses a disaster on a copy of the system, never on the system itself: users work, a backup is made, something is broken for real, the cause is looked for, the repair of docs/recovery.md is done, and then it is proven that every acknowledged write is there, that nobody was logged out, and that what was ended stays ended. The copy of a running system is made from a backup, that of a stopped one by copying; it has ports of its own and is removed afterwards. The report is kept in reports/ of the state directory.',
  options: GAMEDAY_OPTIONS,
  examples: [
    ['holdfast gameday --fresh', 'every damage on a new system with 200 users'],
    ['holdfast gameday --damage users-deleted', 'one damage, on a copy of ./.holdfast'],
    ['holdfast gameday --damage any --seed 20261121 --json', 'a surprise, for a schedule'],
    [
      'holdfast gameday --fresh --users 10000 --backup-only --backup-age 1h --damage users-deleted',
      'all that is left is a backup from an hour ago',
    ],
  ],
  exitStatus: [
    [0, 'everything was proven'],
    [1, 'something was not; the report says what'],
    [2, 'a setting or an option is wrong'],
    [3, 'it could not be played'],
  ],
  run: async context => {
    const stop = listenForStop(launcherPid(context.environment));
    try {
      return await play(context, stop.first);
    } finally {
      stop.dispose();
    }
  },
});

async function play(context: GamedayContext, signal: AbortSignal): Promise<ExitCode> {
  const { options, configuration, terminal, environment } = context;
  const plan = readPlan(options);
  const effective = configuration();
  const original = await findOriginal(context, effective);
  const result = await notPlayed(
    runGameday({
      plan,
      original,
      place: resolve(environment.cwd, options.place ?? tmpdir()),
      keep: options.keep === true,
      launcher: launcherOf(context, effective),
      now: systemClock.now,
      signal,
      progress: terminal.progress,
    }),
  );
  const report = original.kind === 'home' ? await keepReport(original.home, result) : null;
  terminal.result({ ...result, report }, () =>
    [
      renderGameday(result, terminal.style),
      ...(report === null ? [] : ['', `The report is in ${report}.`]),
    ].join('\n'),
  );
  return result.ok ? 0 : 1;
}

async function findOriginal({ options }: GamedayContext, configuration: Configuration): Promise<Original> {
  const { home, settings } = configuration;
  if (options.fresh === true) return { kind: 'fresh' };
  if (settings.databaseUrl !== undefined)
    throw new HoldfastError(
      'usage',
      'DATABASE_URL is set, and a game day copies the embedded database alone. Use --fresh to play on a new system.',
    );
  if ((await readClusterState(home)) === undefined) return { kind: 'fresh' };
  const { keyring, revocationJournal: journal } = settings;
  const kept = journal === undefined || journal === 'redis' ? journalPath(home) : resolve(home, journal);
  return { kind: 'home', home, keyring: keyring ?? keyringPath(home), journal: kept };
}

/** Children see none of this system's settings but where PostgreSQL may live: the copy is a system of its own. */
function launcherOf({ environment }: GamedayContext, { texts }: Configuration): Launcher {
  const launcher = selfLauncher(environment);
  const passed = ['HOLDFAST_POSTGRES_USER', 'HOLDFAST_POSTGRES_DIR', 'HOLDFAST_POSTGRES_BIN'];
  const env = Object.fromEntries(Object.entries(texts).filter(([name]) => passed.includes(name)));
  return { ...launcher, env: { ...launcher.env, ...env, HOLDFAST_LOG_LEVEL: 'warn' } };
}

/** A game day that cannot be played proves nothing, whatever the reason. */
async function notPlayed(day: Promise<GamedayResult>): Promise<GamedayResult> {
  try {
    return await day;
  } catch (error) {
    if (isHoldfastError(error, 'usage', 'configuration_invalid')) throw error;
    throw new HoldfastError('gameday_failed', `The game day could not be played: ${errorMessage(error)}`, {
      cause: error,
    });
  }
}

async function keepReport(home: string, result: GamedayResult): Promise<string> {
  const { reports } = homePaths(home);
  if (!existsSync(reports)) await makeDirectory(reports, 0o700);
  const path = join(reports, `gameday-${result.startedAt.replaceAll(/[-:]|\.\d+/g, '')}.md`);
  await writeFile(path, gamedayMarkdown(result), { mode: 0o600 });
  return path;
}
