import { errorMessage, HoldfastError } from '../holdfast-error.ts';
import { maskUrl } from '../redact.ts';
import type { Role, Setting } from './setting.ts';
import { SETTINGS, type SettingKey, type Settings } from './settings.ts';

/** Where values come from; earlier sources win. */
export interface SettingsSource {
  readonly origin: string;
  readonly values: Readonly<Record<string, string | undefined>>;
}

/** One setting that cannot be used, and why. */
export interface SettingsProblem {
  readonly variable: string;
  readonly origin: string;
  readonly kind: 'invalid' | 'missing';
  readonly message: string;
}

export interface ParsedSettings {
  readonly settings: Settings;
  /** For each setting the source its value came from, or the variable it follows; `default` when no source had it. */
  readonly origins: Readonly<Record<SettingKey, string>>;
  readonly problems: readonly SettingsProblem[];
}

const SETTING_ENTRIES = Object.entries(SETTINGS) as [SettingKey, Setting<unknown>][];

/**
 * Reads every setting from the first source that has it. Never throws: all problems are returned together, and a
 * setting with a problem holds its default. An empty value counts as not set.
 */
export function parseSettings(sources: readonly SettingsSource[], role?: Role): ParsedSettings {
  const values: Partial<Record<SettingKey, unknown>> = {};
  const origins: Partial<Record<SettingKey, string>> = {};
  const problems: SettingsProblem[] = [];
  for (const [key, setting] of SETTING_ENTRIES) {
    const source = sources.find(({ values }) => (values[setting.variable] ?? '') !== '');
    const origin = source?.origin ?? 'default';
    const read = readSetting(setting, source?.values[setting.variable] ?? '', origin, role);
    values[key] = read.value;
    origins[key] = origin;
    if (read.problem !== undefined) problems.push(read.problem);
  }
  return withIssuer({
    settings: values as Settings,
    origins: origins as ParsedSettings['origins'],
    problems,
  });
}

/** Where only the public URL is known, it is the issuer: clients compare the two (RFC 8414 section 3.3). */
function withIssuer(parsed: ParsedSettings): ParsedSettings {
  const { settings, origins } = parsed;
  const isGiven = origins.issuer !== 'default' || origins.publicUrl === 'default';
  if (isGiven || settings.publicUrl === undefined) return parsed;
  const issuer = settings.publicUrl.replace(/\/+$/, '');
  return {
    ...parsed,
    settings: { ...settings, issuer },
    origins: { ...origins, issuer: SETTINGS.publicUrl.variable },
  };
}

interface ReadSetting {
  readonly value: unknown;
  readonly problem?: SettingsProblem;
}

function readSetting(
  setting: Setting<unknown>,
  text: string,
  origin: string,
  role: Role | undefined,
): ReadSetting {
  const { variable } = setting;
  const fallback = setting.fallback === undefined ? undefined : setting.parse(setting.fallback);
  if (text === '') {
    if (role === undefined || !setting.requiredFor.includes(role)) return { value: fallback };
    const message = `is required by holdfast ${role}: ${setting.description}`;
    return { value: fallback, problem: { variable, origin, kind: 'missing', message } };
  }
  if (text !== text.trim()) {
    const message = 'starts or ends with white space';
    return { value: fallback, problem: { variable, origin, kind: 'invalid', message } };
  }
  try {
    return { value: setting.parse(text) };
  } catch (error) {
    return { value: fallback, problem: { variable, origin, kind: 'invalid', message: errorMessage(error) } };
  }
}

/** Throws `configuration_invalid` naming every problem at once; does nothing when there is none. */
export function assertSettings({ problems }: ParsedSettings): void {
  if (problems.length === 0) return;
  const lines = problems.map(({ variable, origin, message }) =>
    origin === 'default' ? `  ${variable} ${message}` : `  ${variable} ${message} (from ${origin})`,
  );
  const count = problems.length === 1 ? 'One setting is' : `${problems.length} settings are`;
  throw new HoldfastError('configuration_invalid', `${count} missing or wrong:\n${lines.join('\n')}`, {
    details: { problems },
  });
}

/** A setting as shown to people: secrets masked, URLs without their password. */
export interface DescribedSetting {
  readonly variable: string;
  readonly value: string | number | boolean | readonly string[] | null;
  readonly origin: string;
  readonly description: string;
}

export function describeSettings({ settings, origins }: ParsedSettings): DescribedSetting[] {
  return SETTING_ENTRIES.map(([key, setting]) => ({
    variable: setting.variable,
    value: maskedValue(setting, settings[key]),
    origin: origins[key],
    description: setting.description,
  }));
}

function maskedValue(setting: Setting<unknown>, value: Settings[SettingKey]): DescribedSetting['value'] {
  if (value === undefined) return null;
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (url !== undefined && (setting.secret || url.password !== '')) return maskUrl(url.href);
  if (setting.secret) return Array.isArray(value) && value.length === 0 ? null : '***';
  return setting.format?.(value) ?? (value as DescribedSetting['value']);
}
