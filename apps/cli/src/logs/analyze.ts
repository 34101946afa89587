import { HoldfastError, systemClock } from '@holdfast/core';
import {
  type AnalyzeOptions,
  analyzeLogs,
  type Incident,
  type LogAnalysis,
  renderAnalysis,
} from '@holdfast/doctor/logs';
import type { CommandContext } from '../command.ts';
import { launcherPid } from '../env.ts';
import type { ExitCode } from '../exit-codes.ts';
import { listenForStop } from '../stop-signals.ts';
import type { Terminal } from '../terminal.ts';
import { type LOGS_OPTIONS, readLogsOptions } from './logs-options.ts';
import { openSources } from './open-sources.ts';

type Context = CommandContext<typeof LOGS_OPTIONS>;

const PROGRESS_MS = 1_000;
const FOLLOW_MS = 5_000;
/** At most a fifth of the time is spent on reading again. */
const REST_FACTOR = 4;

/** `holdfast logs analyze FILES…` */
export async function analyzeFiles(context: Context, files: readonly string[]): Promise<ExitCode> {
  const { options, environment } = context;
  if (options.follow === true && files.includes('-'))
    throw new HoldfastError('usage', '--follow reads files again and again, which - cannot be.');
  const analyzeOptions = await readLogsOptions(options, environment.cwd);
  const stop = listenForStop(launcherPid(environment));
  try {
    const within = { ...analyzeOptions, signal: stop.first };
    return options.follow === true
      ? await follow(context, files, within)
      : await analyzeOnce(context, files, within);
  } finally {
    stop.dispose();
  }
}

async function analyzeOnce(
  { environment, terminal }: Context,
  files: readonly string[],
  options: AnalyzeOptions,
): Promise<ExitCode> {
  await using opened = await openSources(files, environment.cwd, process.stdin);
  for (const problem of opened.problems) terminal.warning(problem);
  const analysis = await analyzeLogs(opened.sources, { ...options, onProgress: progressOf(terminal) });
  terminal.result(analysis, () => renderAnalysis(analysis, terminal));
  return exitCodeOf(analysis);
}

function exitCodeOf({ status }: LogAnalysis): ExitCode {
  if (status === 'not_examined') return 3;
  return status === 'incidents' ? 1 : 0;
}

/** Once a second, and nothing for what is read faster than that. */
function progressOf(terminal: Terminal): (bytes: number, all: number) => void {
  let told = systemClock.monotonic();
  return (bytes, all) => {
    if (systemClock.monotonic() - told < PROGRESS_MS || (process.stderr.isTTY !== true && !terminal.verbose))
      return;
    told = systemClock.monotonic();
    const share = all === 0 ? 100 : Math.floor((bytes / all) * 100);
    terminal.progress(`${share} % of ${Math.ceil(all / 1_048_576)} MiB`);
  };
}

/** Analyses again when the files have grown; after the first time, tells only of incidents that began or changed. */
async function follow(
  context: Context,
  files: readonly string[],
  options: AnalyzeOptions,
): Promise<ExitCode> {
  const { environment, terminal } = context;
  const { signal } = options;
  let known: ReadonlyMap<string, string> | undefined;
  let size = -1;
  let code: ExitCode = 3;
  while (signal?.aborted !== true) {
    const begin = systemClock.monotonic();
    await using opened = await openSources(files, environment.cwd, process.stdin);
    const newSize = opened.sources.reduce((sum, source) => sum + source.size, 0);
    if (newSize !== size) {
      const analysis = await analyzeLogs(opened.sources, options).catch(error => {
        if (signal?.aborted === true) return undefined;
        throw error;
      });
      if (analysis === undefined) break;
      known = tell(analysis, known, terminal);
      code = exitCodeOf(analysis);
      size = newSize;
    }
    const spent = systemClock.monotonic() - begin;
    await systemClock.sleep(Math.max(FOLLOW_MS, spent * REST_FACTOR), signal).catch(() => undefined);
  }
  return code;
}

function tell(
  analysis: LogAnalysis,
  known: ReadonlyMap<string, string> | undefined,
  terminal: Terminal,
): ReadonlyMap<string, string> {
  const keyOf = ({ kind, onset }: Incident) => `${kind} ${onset}`;
  const changed = analysis.incidents.filter(incident => known?.get(keyOf(incident)) !== incident.state);
  if (known === undefined || changed.length > 0) {
    const shown = known === undefined ? analysis : { ...analysis, incidents: changed };
    terminal.result(shown, () => renderAnalysis(shown, terminal));
  }
  return new Map(analysis.incidents.map(incident => [keyOf(incident), incident.state]));
}
