import { resolve } from 'node:path';
import {
  assertSettings,
  describeSettings,
  type ParsedSettings,
  parseSettings,
  type Role,
  SETTINGS,
  type Settings,
  type SettingsProblem,
  type SettingsSource,
  suggest,
} from '@holdfast/core';
import { readEnvFile } from './env-file.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** What the process was started with. The only place of the command that reads `process.env`. */
export interface Environment {
  readonly variables: Variables;
  readonly cwd: string;
}

export function processEnvironment(): Environment {
  return { variables: { ...process.env }, cwd: process.cwd() };
}

/** The values given on the command line that stand for settings. */
export interface SettingFlags {
  readonly home?: string;
  readonly host?: string;
  readonly port?: string;
  readonly 'database-url'?: string;
  readonly 'env-file'?: string;
  readonly 'no-env-file'?: boolean;
  readonly 'api-url'?: string;
}

/** The effective configuration and where each part of it came from. */
export interface Configuration {
  readonly settings: Settings;
  readonly parsed: ParsedSettings;
  /** The state directory, absolute. */
  readonly home: string;
  /** The text of every setting that is not a default, by variable: what a child process needs to see the same. */
  readonly texts: Readonly<Record<string, string>>;
  /** Variables that look like ours and are not, with the name that was probably meant. */
  readonly unknown: readonly UnknownVariable[];
}

export interface UnknownVariable {
  readonly variable: string;
  readonly origin: string;
  readonly meant: string | undefined;
}

/** Flags win over the environment, the environment over the env file, the env file over defaults. Never throws. */
export function readConfiguration(flags: SettingFlags, environment: Environment, role?: Role): Configuration {
  const file =
    flags['no-env-file'] === true
      ? { path: undefined, values: {} }
      : readEnvFile(flags['env-file'], environment.cwd);
  const sources: SettingsSource[] = [
    { origin: 'command line', values: flagVariables(flags) },
    { origin: 'environment', values: environment.variables },
    { origin: file.path ?? 'env file', values: file.values },
  ];
  const parsed = withFileProblem(parseSettings(sources, role), file.path, file.problem);
  return {
    parsed,
    settings: parsed.settings,
    home: resolve(environment.cwd, parsed.settings.home),
    texts: settingTexts(sources),
    unknown: sources.slice(1).flatMap(unknownVariables),
  };
}

/** Like {@link readConfiguration}, but throws `configuration_invalid` with all problems at once. */
export function requireConfiguration(
  flags: SettingFlags,
  environment: Environment,
  role?: Role,
): Configuration {
  const configuration = readConfiguration(flags, environment, role);
  assertSettings(configuration.parsed);
  return configuration;
}

/** The configuration as `holdfast config` shows it: origins, secrets masked. */
export function describeConfiguration(configuration: Configuration): ReturnType<typeof describeSettings> {
  return describeSettings(configuration.parsed);
}

/** The pid of the launcher that started this process on the bundled Node.js; undefined without one. */
export function launcherPid({ variables }: Environment): number | undefined {
  const pid = Number(variables.HOLDFAST_LAUNCHER_PID);
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

/** The environment of a child process: this one's, without what is Holdfast's own, and with `texts` instead. */
export function childVariables(
  { variables }: Environment,
  texts: Readonly<Record<string, string>>,
): Record<string, string> {
  const own = new Set(Object.values(SETTINGS).map(({ variable }) => variable as string));
  const inherited = Object.entries(variables).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !own.has(entry[0]) && !entry[0].startsWith('HOLDFAST_'),
  );
  return { ...Object.fromEntries(inherited), ...texts };
}

function flagVariables(flags: SettingFlags): Variables {
  return {
    HOLDFAST_HOME: flags.home,
    HOLDFAST_HOST: flags.host,
    HOLDFAST_PORT: flags.port,
    DATABASE_URL: flags['database-url'],
    HOLDFAST_API_URL: flags['api-url'],
  };
}

function withFileProblem(
  parsed: ParsedSettings,
  path: string | undefined,
  message: string | undefined,
): ParsedSettings {
  if (message === undefined) return parsed;
  const problem: SettingsProblem = {
    variable: '--env-file',
    origin: path ?? 'command line',
    kind: 'invalid',
    message,
  };
  return { ...parsed, problems: [problem, ...parsed.problems] };
}

function settingTexts(sources: readonly SettingsSource[]): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const { variable } of Object.values(SETTINGS)) {
    const text = sources.map(({ values }) => values[variable] ?? '').find(value => value !== '');
    if (text !== undefined) texts[variable] = text;
  }
  return texts;
}

const INTERNAL_VARIABLES = ['HOLDFAST_LAUNCHER_PID'];

function unknownVariables({ origin, values }: SettingsSource): UnknownVariable[] {
  const known = Object.values(SETTINGS).map(({ variable }) => variable as string);
  return Object.keys(values)
    .filter(name => name.startsWith('HOLDFAST_') && ![...known, ...INTERNAL_VARIABLES].includes(name))
    .map(variable => ({ variable, origin, meant: suggest(variable, known) }));
}
