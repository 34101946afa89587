import type { HealthReport } from '@holdfast/database/health';
import { homePaths, readKeeperRun } from '@holdfast/keeper';
import { defineCommand } from '../command.ts';
import { type Configuration, launcherPid, type SettingFlags } from '../env.ts';
import type { ExitCode } from '../exit-codes.ts';
import { examineTarget, findHealthTarget } from '../health/examine-target.ts';
import { healthExitCode } from '../health/exit-code.ts';
import { listEntries } from '../health/health-list.ts';
import {
  HEALTH_EXIT_STATUS,
  HEALTH_OPTIONS,
  type HealthRequest,
  readHealthRequest,
} from '../health/health-options.ts';
import { renderHealth } from '../health/health-text.ts';
import { repeat } from '../health/repeat.ts';
import { findApiUrl, type Look, lookAtUrl } from '../look.ts';
import type { Terminal } from '../terminal.ts';

/** `holdfast health`: does it answer, and is the database well? */
export const health = defineCommand({
  usage: '[--watch [SECONDS]]',
  description:
    'Takes a quick look from outside: whether the API server lives and is ready, whether the keeper answers, and the quick entries of the health catalogue on the database. Everything about the database says holdfast detailed-health; the cause of trouble, holdfast doctor.',
  maxPositionals: 1,
  options: HEALTH_OPTIONS,
  examples: [
    ['holdfast health', 'one line for each part, and more about what is not well'],
    ['holdfast health --json', 'the same for monitoring, with the sizes of the largest tables'],
    ['holdfast --database-url postgresql://me@db/shop health', 'any PostgreSQL 14 to 18'],
    ['holdfast health --watch 5', 'again every 5 seconds, until Ctrl-C'],
  ],
  exitStatus: HEALTH_EXIT_STATUS,
  run: async ({ options, positionals, configuration, flags, environment, terminal }) => {
    const effective = configuration();
    const request = readHealthRequest(options, positionals, effective, environment);
    const quick = {
      ...request,
      entries: request.entries.filter(entry => entry.quick || options.only !== undefined),
    };
    if (options.list === true) {
      listEntries(quick.entries, quick.thresholds, terminal);
      return 0;
    }
    return repeat(request.watch, launcherPid(environment), signal =>
      lookOnce(effective, flags, quick, terminal, signal),
    );
  },
});

async function lookOnce(
  configuration: Configuration,
  flags: SettingFlags,
  request: HealthRequest,
  terminal: Terminal,
  signal: AbortSignal | undefined,
): Promise<ExitCode> {
  const target = await findHealthTarget(configuration, flags);
  const scope = { quickOnly: false, ...(signal === undefined ? {} : { signal }) };
  const [looks, report] = await Promise.all([
    takeLooks(configuration, flags),
    target === undefined ? undefined : examineTarget(target, request, scope),
  ]);
  const answers = Object.values(looks).every(({ ok }) => ok);
  const code = report === undefined ? 0 : healthExitCode(report, request.criticalOnly);
  const ok = answers && (report === undefined ? Object.keys(looks).length > 0 : code === 0);
  const database = report === undefined ? {} : { database: databaseLook(report) };
  const status = { ok, overall_status: overall(report, answers), ...looks, ...database };
  terminal.result({ ...report, ...status }, () => renderLooks(configuration, looks, report, terminal));
  if (report === undefined && Object.keys(looks).length === 0) return 3;
  return answers || report?.connection.ok === false ? code : 1;
}

function overall(report: HealthReport | undefined, answers: boolean): HealthReport['overall_status'] {
  if (!answers) return 'critical';
  return report?.overall_status ?? 'unknown';
}

function databaseLook({ connection }: HealthReport): Look {
  return connection.ok
    ? { ok: true, ms: connection.connectMs, reason: null }
    : { ok: false, ms: null, reason: connection.reason };
}

/** The API and the keeper of the state directory; of another database that was named they say nothing. */
async function takeLooks(configuration: Configuration, flags: SettingFlags): Promise<Record<string, Look>> {
  const foreign = flags['database-url'] !== undefined;
  const api = foreign && flags['api-url'] === undefined ? undefined : findApiUrl(configuration);
  const keeper = foreign ? undefined : readKeeperRun(homePaths(configuration.home))?.url;
  const looks = [
    ...(api === undefined ? [] : [['api', lookAtUrl(`${api}/health`)] as const]),
    ...(api === undefined ? [] : [['ready', lookAtUrl(`${api}/ready`)] as const]),
    ...(keeper === undefined ? [] : [['keeper', lookAtUrl(`${keeper}/ops/v1/status`)] as const]),
  ];
  return Object.fromEntries(
    await Promise.all(looks.map(async ([name, look]) => [name, await look] as const)),
  );
}

function renderLooks(
  { home }: Configuration,
  looks: Readonly<Record<string, Look>>,
  report: HealthReport | undefined,
  terminal: Terminal,
): string {
  const lines = Object.entries(looks).map(([name, look]) => lookLine(name, look, terminal.style));
  if (report !== undefined) return [...lines, renderHealth(report, terminal)].join('\n');
  if (lines.length > 0) return lines.join('\n');
  return `There is nothing to look at: nothing was ever started on ${home}, and no URL is configured.`;
}

function lookLine(name: string, { ok, ms, reason }: Look, style: Terminal['style']): string {
  return ok
    ? `${style('green', '✓')} ${name.padEnd(12)} ${ms} ms`
    : `${style('red', '✗')} ${name.padEnd(12)} ${reason}`;
}
