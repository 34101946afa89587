import { HoldfastError } from '@holdfast/core';
import type { ScratchOptions } from '@holdfast/database/migrate';
import { launcherPid } from '../env.ts';
import { listenForStop } from '../stop-signals.ts';
import type { MigrateContext } from './options.ts';
import type { ProjectRun } from './project.ts';

/** Where to build what the files build: beside the database, as a role that may, or where the options say. */
export function scratchOptions(
  { options }: MigrateContext,
  { access }: ProjectRun,
  signal: AbortSignal,
): ScratchOptions {
  return { ...access, scratchUrl: options['scratch-url'], signal };
}

/** Runs work that Ctrl-C ends, and that cleans up after itself then. Throws `shutting_down` in that case. */
export async function untilStopped<T>(
  { environment }: MigrateContext,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = listenForStop(launcherPid(environment));
  try {
    return await work(stop.first);
  } catch (cause) {
    if (!stop.first.aborted) throw cause;
    throw new HoldfastError('shutting_down', 'Stopped; the scratch database is removed.', { cause });
  } finally {
    stop.dispose();
  }
}
