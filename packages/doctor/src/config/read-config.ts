import { stat } from 'node:fs/promises';
import { registerHooks } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { errorMessage, HoldfastError } from '@holdfast/core';
import { Value } from 'typebox/value';
import { DOCTOR_CONFIG, type DoctorConfig } from './doctor-config.ts';

/** The names that are looked for, in this order. */
export const CONFIG_NAMES = ['ts', 'mts', 'js', 'mjs', 'json'].map(ending => `holdfast.config.${ending}`);

/** A configuration with the directory that its paths are relative to. */
export interface LoadedConfig {
  readonly path: string;
  readonly directory: string;
  readonly config: DoctorConfig;
}

/** The configuration file of a directory; undefined when there is none. */
export async function findConfig(directory: string): Promise<string | undefined> {
  for (const name of CONFIG_NAMES) {
    const path = join(directory, name);
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() === true) return path;
  }
  return undefined;
}

/**
 * Loads a configuration. A `.ts` file is run as it is: its types are stripped, not checked.
 * @throws HoldfastError `configuration_invalid` with everything that is wrong with it at once
 */
export async function loadConfig(path: string): Promise<LoadedConfig> {
  const absolute = resolve(path);
  const found = await stat(absolute).catch(() => undefined);
  if (found === undefined) throw invalid(path, ['there is no such file, or it cannot be reached']);
  const config = await importDefault(absolute);
  if (!Value.Check(DOCTOR_CONFIG, config)) throw invalid(path, problemsOf(config));
  return { path: absolute, directory: dirname(absolute), config };
}

async function importDefault(path: string): Promise<unknown> {
  const url = pathToFileURL(path).href;
  // a project whose package.json says nothing about modules is not to be warned about ours
  const hooks = registerHooks({
    load: (loaded, context, next) =>
      next(
        loaded,
        loaded === url && path.endsWith('.ts') ? { ...context, format: 'module-typescript' } : context,
      ),
  });
  try {
    const loaded = path.endsWith('.json')
      ? ((await import(url, { with: { type: 'json' } })) as { readonly default?: unknown })
      : ((await import(url)) as { readonly default?: unknown });
    if (loaded.default !== undefined) return loaded.default;
  } catch (cause) {
    throw invalid(path, [`it cannot be loaded: ${errorMessage(cause)}`], cause);
  } finally {
    hooks.deregister();
  }
  throw invalid(path, ['it has no default export: write `export default { … }`']);
}

const MOST_PROBLEMS = 10;

function problemsOf(config: unknown): string[] {
  const errors = Value.Errors(DOCTOR_CONFIG, config).filter(
    ({ keyword }) => keyword !== 'additionalProperties',
  );
  const lines = errors.map(({ keyword, instancePath, message }) => {
    const problem = keyword === 'boolean' ? 'there is no such member' : message;
    return `${placeOf(instancePath)}: ${problem}`;
  });
  return [...new Set(lines)].slice(0, MOST_PROBLEMS);
}

/** `api.urls[0]` for `/api/urls/0`. */
function placeOf(pointer: string): string {
  const place = pointer
    .split('/')
    .slice(1)
    .map(part => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '');
  return place === '' ? 'the whole' : place;
}

function invalid(path: string, problems: readonly string[], cause?: unknown): HoldfastError {
  const what = problems.length === 1 ? problems[0] : `\n${problems.map(line => `  - ${line}`).join('\n')}`;
  return new HoldfastError('configuration_invalid', `The configuration ${path} is not usable: ${what}`, {
    cause,
    details: { path, problems },
  });
}
