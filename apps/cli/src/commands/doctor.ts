import { assertSettings, HoldfastError } from '@holdfast/core';
import {
  type Diagnosis,
  type ExamineOptions,
  examine,
  exitCode,
  type OtherTarget,
  type RepairReport,
  type RepairTools,
  renderDiagnosis,
  resolveTarget,
  type Target,
} from '@holdfast/doctor';
import type { RepairRecord } from '@holdfast/doctor/report';
import { defineCommand } from '../command.ts';
import { DOCTOR_OPTIONS, type DoctorContext, timeoutOf } from '../doctor/doctor-options.ts';
import { fixModeOf } from '../doctor/fix/fix-options.ts';
import { exitCodeOfFix, type FixRequest, fixSystem } from '../doctor/fix/fix-system.ts';
import { otherTools, ownTools } from '../doctor/fix/repair-tools.ts';
import { frontendOf } from '../doctor/frontend-option.ts';
import { lastingRows } from '../doctor/lasting-rows.ts';
import { findOther } from '../doctor/other-system.ts';
import { writeFirstConfig } from '../doctor/write-first-config.ts';
import { launcherPid, readConfiguration } from '../env.ts';
import type { ExitCode } from '../exit-codes.ts';
import { projectOf, readReportRequest } from '../report/report-options.ts';
import { writeReport } from '../report/write-report.ts';
import { listenForStop } from '../stop-signals.ts';
import type { Terminal } from '../terminal.ts';

/** `holdfast doctor`: from symptoms to the cause. */
export const doctor = defineCommand({
  usage: '',
  description:
    'Examines the system from outside and names the root cause of trouble with its evidence and how to repair it. Changes nothing without --fix, apart from one probe account that it removes again. Works with the keeper, the server and the database dead, and with settings that are missing or wrong. With a holdfast.config.ts it examines any other system on PostgreSQL, and without --fix changes nothing at all.',
  options: DOCTOR_OPTIONS,
  examples: [
    ['holdfast doctor', 'examine what runs on ./.holdfast'],
    ['holdfast doctor --verbose', 'with every check'],
    ['holdfast doctor --timeout 1m', 'with more time, where a busy or large system needs it'],
    ['holdfast doctor --frontend web --openapi holdfast', 'with the faults in the sources of a frontend'],
    ['holdfast doctor --report reports', 'with a report below ./reports; holdfast report open shows it'],
    ['holdfast doctor --fix=plan', 'with what would be repaired and how; nothing is changed'],
    ['holdfast doctor --fix --yes', 'repair it, prove it, and take back what did not help'],
    ['holdfast doctor --json --api-url http://10.0.0.5:7400', 'another API, as JSON'],
    ['holdfast doctor --init', 'describe another system: writes holdfast.config.ts'],
    ['holdfast doctor --config ops/shop.config.ts', 'examine the system that is described there'],
  ],
  exitStatus: [
    [0, 'healthy; degraded external services are included and said'],
    [1, 'there are findings, or a repair is half done; with --fix: something is broken still'],
    [2, 'wrong usage, or nothing could be examined because a setting is wrong'],
    [3, 'nothing could be examined, or nothing is broken in what was and the time was over before the rest'],
  ],
  run: async context => {
    if (context.options.init === true) return writeFirstConfig(context);
    // before anything is looked at
    fixModeOf(context.options);
    timeoutOf(context.options);
    const other = await findOther(context);
    return other === undefined ? examineOwn(context) : examineOther(context, other);
  },
});

async function examineOwn(context: DoctorContext): Promise<ExitCode> {
  const { options, flags, environment } = context;
  const configuration = readConfiguration(flags, environment, 'start');
  const request = await readReportRequest(options, environment.cwd);
  const { parsed } = configuration;
  // what somebody named must not silently be something else
  assertSettings({
    ...parsed,
    problems: parsed.problems.filter(({ origin }) => origin === 'command line'),
  });
  const project = await projectTarget(context);
  const resolve = () =>
    resolveTarget({
      home: configuration.home,
      settings: parsed,
      apiUrl: options['api-url'],
      keeperUrl: options['keeper-url'],
      frontend: frontendOf(options, environment.cwd),
      project,
      // the backups are those of the configured database
      backups: flags['database-url'] === undefined ? lastingRows(configuration) : undefined,
    });
  const target = await resolve();
  const diagnosis = await diagnose(context, target);
  if (diagnosis.status === 'not_examined') assertSettings(parsed);
  const fixed = await showOrFix(context, { target, diagnosis, resolve }, signal =>
    ownTools({ context, configuration, embedded: target.database.embedded?.inUse === true, signal }),
  );
  const repairs = recordsOf(fixed);
  if (request !== undefined) await report(context, { configuration, request, diagnosis, repairs });
  return fixed === undefined ? exitCode(diagnosis) : exitCodeOfFix(fixed);
}

/** Of its report, what is read for it comes from the database and the API that the configuration names. */
async function examineOther(context: DoctorContext, other: OtherTarget): Promise<ExitCode> {
  const { options, flags, environment } = context;
  const request = await readReportRequest(options, environment.cwd);
  const frontend = frontendOf(options, environment.cwd) ?? other.frontend;
  const project = (await projectTarget(context)) ?? other.project;
  const target = { ...other, frontend, project };
  const { database, api } = other;
  const url = database.ownerUrl ?? database.appUrl;
  const apiUrl = api.urls[0] ?? api.proxyUrl;
  const named = {
    ...flags,
    ...(url === undefined ? {} : { 'database-url': url }),
    ...(apiUrl === undefined ? {} : { 'api-url': apiUrl }),
  };
  const configuration = readConfiguration(named, environment, 'start');
  const toolsFor = (signal: AbortSignal): RepairTools =>
    otherTools({ context: { ...context, flags: named }, configuration, embedded: false, signal });
  const diagnosis = await diagnose(context, target, backupsOf(toolsFor));
  const resolve = async () => target;
  const fixed = await showOrFix(context, { target, diagnosis, resolve }, toolsFor);
  const repairs = recordsOf(fixed);
  if (request !== undefined)
    await report({ ...context, flags: named }, { configuration, request, diagnosis, repairs });
  return fixed === undefined ? exitCode(diagnosis) : exitCodeOfFix(fixed);
}

/** Asked only where rows are missing. */
function backupsOf(toolsFor: (signal: AbortSignal) => RepairTools): ExamineOptions['backups'] {
  const tools = (): RepairTools => toolsFor(new AbortController().signal);
  return {
    backups: async () => (await tools().backups?.()) ?? [],
    passedOver: async () => (await tools().passedOver?.()) ?? [],
    reachOf: async backup => tools().reachOf?.(backup),
  };
}

type Examined = Pick<FixRequest, 'target' | 'diagnosis' | 'resolve'>;

/** Shows the diagnosis, or repairs what it names and shows that. */
async function showOrFix(
  context: DoctorContext,
  examined: Examined,
  toolsFor: (signal: AbortSignal) => RepairTools,
): Promise<RepairReport | undefined> {
  const mode = fixModeOf(context.options);
  if (mode === undefined) {
    show(context, examined.diagnosis);
    return undefined;
  }
  const stop = listenForStop(launcherPid(context.environment));
  try {
    const signal = stop.first;
    return await fixSystem({ ...examined, context, mode, tools: toolsFor(signal), signal });
  } finally {
    stop.dispose();
  }
}

function recordsOf(fixed: RepairReport | undefined): readonly RepairRecord[] {
  return fixed === undefined ? [] : [...fixed.resumed, ...fixed.repairs];
}

async function projectTarget({ options, environment }: DoctorContext): Promise<Target['project']> {
  const directory = await projectOf(options, environment.cwd);
  return directory === undefined ? undefined : { directory };
}

/** A wish to stop is answered in words where a repair was asked for. */
async function diagnose(
  { options, terminal, environment }: DoctorContext,
  target: Target | OtherTarget,
  backups?: ExamineOptions['backups'],
): Promise<Diagnosis> {
  const timeoutMs = timeoutOf(options);
  const examining = {
    ...progressOf(terminal),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(backups === undefined ? {} : { backups }),
  };
  if (fixModeOf(options) === undefined) return examine(target, examining);
  const stop = listenForStop(launcherPid(environment));
  const { first: signal, received } = stop;
  try {
    const diagnosis = await examine(target, { ...examining, signal });
    signal.throwIfAborted();
    return diagnosis;
  } catch (cause) {
    if (!signal.aborted) throw cause;
    const details = { signal: received() ?? 'SIGINT' };
    throw new HoldfastError('interrupted', 'Stopped before anything was changed', { cause, details });
  } finally {
    stop.dispose();
  }
}

function show({ terminal }: DoctorContext, diagnosis: Diagnosis): void {
  const { verbose, color, columns } = terminal;
  terminal.result(diagnosis, () => renderDiagnosis(diagnosis, { verbose, color, columns }));
}

type ReportInput = Pick<
  Parameters<typeof writeReport>[0],
  'configuration' | 'request' | 'diagnosis' | 'repairs'
>;

async function report({ flags, environment, terminal }: DoctorContext, input: ReportInput): Promise<void> {
  terminal.status('reading health, logs and latency for the report');
  const stored = await writeReport({ ...input, flags, environment });
  terminal.progress(`report: ${stored.html}`);
}

function progressOf(terminal: Terminal): ExamineOptions {
  return terminal.verbose ? { onProgress: probe => terminal.progress(`looking: ${probe}`) } : {};
}
