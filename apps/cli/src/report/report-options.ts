import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { errorMessage, HoldfastError } from '@holdfast/core';
import { makeDirectory } from '@holdfast/postgres';
import type { OptionDefinitions, OptionValues } from '../command.ts';

/** The options of `holdfast doctor` that are about its report. */
export const REPORT_OPTIONS = {
  report: {
    type: 'string',
    value: 'DIR',
    description:
      'also write a report into a new directory below DIR: six documents, and all of them as one page',
  },
  'report-logs': {
    type: 'string',
    value: 'FILES',
    multiple: true,
    description:
      'logs for the report, as holdfast logs analyze takes them (default: those of the state directory)',
  },
  dependencies: {
    type: 'string',
    value: 'DIR',
    description: 'also audit the npm packages of the project in DIR, for the diagnosis and the report',
  },
} as const satisfies OptionDefinitions;

/** Where a report goes, and what it looks at besides. */
export interface ReportRequest {
  /** Absolute; it exists. */
  readonly directory: string;
  readonly logs: readonly string[] | undefined;
  readonly project: string | undefined;
}

/** Makes the directory, before anything is examined. @throws HoldfastError `usage`. Undefined when no report is wanted. */
export async function readReportRequest(
  options: OptionValues<typeof REPORT_OPTIONS>,
  cwd: string,
): Promise<ReportRequest | undefined> {
  const { report } = options;
  const logs = options['report-logs'];
  const project = await projectOf(options, cwd);
  if (report === undefined) {
    if (logs !== undefined)
      throw new HoldfastError('usage', '--report-logs is for a report: add --report DIR.');
    return undefined;
  }
  const directory = resolve(cwd, report);
  try {
    await makeDirectory(directory);
  } catch (cause) {
    throw new HoldfastError('usage', `--report cannot be written: ${errorMessage(cause)}.`, { cause });
  }
  return { directory, project, logs: logs?.split(',').filter(name => name !== '') };
}

/** The project that --dependencies names, absolute. @throws HoldfastError `usage` */
export async function projectOf(
  { dependencies }: Pick<OptionValues<typeof REPORT_OPTIONS>, 'dependencies'>,
  cwd: string,
): Promise<string | undefined> {
  const project = dependencies === undefined ? undefined : resolve(cwd, dependencies);
  if (project !== undefined && !(await isDirectory(project)))
    throw new HoldfastError('usage', `--dependencies: ${project} is no directory.`);
  return project;
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    found => found.isDirectory(),
    () => false,
  );
}
