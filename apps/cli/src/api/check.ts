import { HoldfastError } from '@holdfast/core';
import {
  type ApiReport,
  checkApi,
  hasFindings,
  loadDocument,
  refusedByAll,
  renderApiReport,
} from '@holdfast/doctor/conformance';
import type { CommandContext } from '../command.ts';
import { launcherPid } from '../env.ts';
import type { ExitCode } from '../exit-codes.ts';
import { listenForStop } from '../stop-signals.ts';
import { type API_OPTIONS, readApiOptions } from './api-options.ts';

/** `holdfast api check` */
export async function checkAgainstDocument(context: CommandContext<typeof API_OPTIONS>): Promise<ExitCode> {
  const { options, environment, terminal } = context;
  const { openapi } = options;
  if (openapi === undefined) throw new HoldfastError('usage', 'Which document? Give --openapi FILE or URL.');
  const checkOptions = await readApiOptions(options, environment);
  const stop = listenForStop(launcherPid(environment));
  try {
    const signal = stop.first;
    const document = await loadDocument(openapi, { cwd: environment.cwd, signal });
    const report = await checkApi(document, {
      ...checkOptions,
      signal,
      onProgress: ({ done, operations, requests, now }) =>
        terminal.status(`${done} of ${operations} operations, ${requests} requests: ${now}`),
    });
    terminal.result(report, () => renderApiReport(report, terminal));
    return exitCodeOf(report, options.strict === true);
  } finally {
    stop.dispose();
  }
}

function exitCodeOf(report: ApiReport, strict: boolean): ExitCode {
  if (report.status === 'not_examined') return 3;
  if (hasFindings(report, strict)) return 1;
  return refusedByAll(report).length > 0 ? 3 : 0;
}
