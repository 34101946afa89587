import { formatDuration, parseDuration } from '../duration.ts';
import { databaseUrlProblem } from './database-url.ts';

/** The parts of Holdfast that read settings; a setting can be required for some of them. */
export type Role = 'start' | 'serve' | 'keeper';

/** One variable: its name, what it means, how its text becomes a value. `parse` throws with a message fit for people. */
export interface Setting<T> {
  readonly variable: string;
  readonly description: string;
  /** The text that is parsed when the variable is not set; without one the value is undefined. */
  readonly fallback: string | undefined;
  readonly example: string | undefined;
  readonly secret: boolean;
  readonly requiredFor: readonly Role[];
  readonly parse: (text: string) => T;
  /** Turns a value back into text that `parse` accepts, where String() would not. */
  format?(value: T): string;
}

interface SettingOptions {
  readonly description: string;
  readonly example?: string;
  readonly secret?: boolean;
  readonly requiredFor?: readonly Role[];
}

function setting<T>(
  variable: string,
  parse: (text: string) => T,
  options: SettingOptions,
  fallback?: string,
): Setting<T> {
  return {
    variable,
    parse,
    fallback,
    description: options.description,
    example: options.example,
    secret: options.secret ?? false,
    requiredFor: options.requiredFor ?? [],
  };
}

export function optional<T>(inner: Setting<T>): Setting<T | undefined> {
  return inner;
}

export function textSetting(variable: string, options: SettingOptions, fallback?: string): Setting<string> {
  return setting(variable, text => text, options, fallback);
}

export function integerSetting(
  variable: string,
  range: { readonly min: number; readonly max: number },
  options: SettingOptions,
  fallback?: string,
): Setting<number> {
  const parse = (text: string): number => {
    const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= range.min && value <= range.max)) {
      throw new Error(`must be a whole number from ${range.min} to ${range.max}`);
    }
    return value;
  };
  return setting(variable, parse, options, fallback);
}

/** A duration; the value is in milliseconds. A bare number is refused: seconds taken for milliseconds log everybody out. */
export function durationSetting(
  variable: string,
  range: { readonly minMs: number; readonly maxMs: number },
  options: SettingOptions,
  fallback?: string,
): Setting<number> {
  const parse = (text: string): number => {
    const value = parseDuration(text);
    if (value === undefined)
      throw new Error('must be a duration with its unit, such as 500ms, 30s, 15m, 12h or 7d');
    if (value < range.minMs || value > range.maxMs) {
      throw new Error(`must be from ${formatDuration(range.minMs)} to ${formatDuration(range.maxMs)}`);
    }
    return value;
  };
  return { ...setting(variable, parse, options, fallback), format: formatDuration };
}

export function choiceSetting<const T extends string>(
  variable: string,
  choices: readonly T[],
  options: SettingOptions,
  fallback: T,
): Setting<T> {
  const parse = (text: string): T => {
    const choice = choices.find(candidate => candidate === text);
    if (choice === undefined) throw new Error(`must be one of ${choices.join(', ')}`);
    return choice;
  };
  return setting(variable, parse, options, fallback);
}

export function urlSetting(
  variable: string,
  protocols: readonly string[],
  options: SettingOptions,
  fallback?: string,
): Setting<string> {
  const parse = (text: string): string => {
    if (!URL.canParse(text))
      throw new Error('must be a URL; special characters in the password are percent-encoded');
    if (!protocols.includes(new URL(text).protocol)) {
      throw new Error(`must start with ${protocols.map(protocol => `${protocol}//`).join(' or ')}`);
    }
    return text;
  };
  return setting(variable, parse, options, fallback);
}

/** The URL of a PostgreSQL database. */
export function databaseUrlSetting(variable: string, options: SettingOptions): Setting<string> {
  const parse = (text: string): string => {
    const problem = databaseUrlProblem(text);
    if (problem !== undefined) throw new Error(problem);
    return text;
  };
  return setting(variable, parse, options);
}

/** A duration, or `off`. */
export function intervalSetting(
  variable: string,
  range: { readonly minMs: number; readonly maxMs: number },
  options: SettingOptions,
  fallback: string,
): Setting<number | 'off'> {
  const inner = durationSetting(variable, range, options, fallback);
  return {
    ...inner,
    parse: text => (text === 'off' ? text : inner.parse(text)),
    format: value => (value === 'off' ? value : formatDuration(value)),
  };
}

/** Comma-separated texts; empty ones are left out. */
export function listSetting(
  variable: string,
  options: SettingOptions & { show?(item: string): string },
): Setting<readonly string[]> {
  const parse = (text: string): readonly string[] =>
    text
      .split(',')
      .map(item => item.trim())
      .filter(item => item !== '');
  const { show = (item: string) => item } = options;
  return { ...setting(variable, parse, options, ''), format: items => items.map(show).join(',') };
}

/** A comma-separated list of origins (scheme, host and port, nothing after). */
export function originsSetting(
  variable: string,
  options: SettingOptions,
  fallback: string,
): Setting<readonly string[]> {
  const parse = (text: string): readonly string[] => {
    const origins = text
      .split(',')
      .map(item => item.trim())
      .filter(item => item !== '');
    const wrong = origins.find(origin => !URL.canParse(origin) || new URL(origin).origin !== origin);
    if (wrong !== undefined) throw new Error(`"${wrong}" is not an origin such as https://app.example.com`);
    return origins;
  };
  return setting(variable, parse, options, fallback);
}

/** A client that authenticates by a secret, of which only the hash is known here. */
export interface ConfidentialClient {
  readonly id: string;
  /** SHA-256 of the secret, in hexadecimal; secrets are random, so no slow hash is needed. */
  readonly secretHash: string;
}

/** A comma-separated list of `id:hash`. */
export function clientsSetting(
  variable: string,
  options: SettingOptions,
  fallback: string,
): Setting<readonly ConfidentialClient[]> {
  const parse = (text: string): readonly ConfidentialClient[] => {
    const items = text.split(',').map(item => item.trim());
    const clients = items.filter(item => item !== '').map(parseClient);
    if (new Set(clients.map(({ id }) => id)).size !== clients.length) throw new Error('names a client twice');
    return clients;
  };
  const format = (clients: readonly ConfidentialClient[]): string =>
    clients.map(({ id, secretHash }) => `${id}:${secretHash}`).join(',');
  return { ...setting(variable, parse, options, fallback), format };
}

function parseClient(item: string, index: number): ConfidentialClient {
  const [, id, secretHash] = /^([\w.-]{1,100}):([0-9a-f]{64})$/i.exec(item) ?? [];
  if (id === undefined || secretHash === undefined) {
    throw new Error(`has an item ${index + 1} that is not id:hash with 64 hexadecimal digits`);
  }
  return { id, secretHash: secretHash.toLowerCase() };
}
