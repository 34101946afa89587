import type { KeeperMode, Readiness, RunningKeeper } from '@holdfast/keeper';
import { startKeeper } from '@holdfast/keeper/start';
import { planBackups } from './backup/scheduled-backups.ts';
import { type Configuration, type Environment, launcherPid } from './env.ts';
import { listenForStop, type StopSignals, whenAborted } from './stop-signals.ts';
import type { Terminal } from './terminal.ts';
import { unknownWarning } from './unknown-warning.ts';
import { version } from './version.ts';

export interface KeeperCommandOptions {
  readonly configuration: Configuration;
  readonly mode: KeeperMode;
  readonly environment: Environment;
  readonly terminal: Terminal;
  readonly onReady: (readiness: Readiness) => void;
}

/** Runs a keeper in the foreground until it is told to stop; everything it started has ended when this resolves. */
export async function runKeeper(options: KeeperCommandOptions): Promise<void> {
  const { configuration, mode, environment, terminal } = options;
  for (const variable of configuration.unknown) terminal.warning(unknownWarning(variable));
  const stop = listenForStop(launcherPid(environment));
  try {
    const keeper = await startKeeper({
      configuration: configuration.parsed,
      home: configuration.home,
      mode,
      version: version(),
      backups: planBackups(configuration, environment),
      onProgress: (message, kind) =>
        kind === 'trouble' ? terminal.warning(message) : terminal.progress(message),
    });
    process.on('uncaughtException', keeper.report);
    process.on('unhandledRejection', keeper.report);
    await serveUntilStopped(keeper, stop, options);
  } finally {
    stop.dispose();
  }
}

async function serveUntilStopped(
  keeper: RunningKeeper,
  stop: StopSignals,
  { terminal, onReady }: KeeperCommandOptions,
): Promise<void> {
  try {
    terminal.progress(`status page: ${keeper.url}`);
    const stopped = whenAborted(stop.first).then(() => undefined);
    const readiness = await Promise.race([keeper.ready, stopped]);
    if (readiness !== undefined && !stop.first.aborted) onReady(readiness);
    await stopped;
    terminal.progress('stopping; press Ctrl-C again to hurry');
  } finally {
    await keeper.stop(stop.second);
  }
  terminal.progress('stopped');
}
