import { resolve } from 'node:path';
import { findConfig, loadConfig, type OtherTarget, resolveOtherTarget } from '@holdfast/doctor';
import type { OptionValues } from '../command.ts';
import type { Environment, SettingFlags } from '../env.ts';

interface Asked {
  readonly options: OptionValues<{
    readonly config: { readonly type: 'string'; readonly description: string };
  }>;
  readonly flags: SettingFlags;
  readonly environment: Environment;
}

/**
 * The system that a configuration describes: the one that was named, else that of this directory. Undefined without one, and
 * when the command line says that a Holdfast is meant.
 */
export async function findOther({ options, flags, environment }: Asked): Promise<OtherTarget | undefined> {
  const named = options.config;
  const ownMeant = flags.home !== undefined || flags['api-url'] !== undefined;
  if (named === undefined && ownMeant) return undefined;
  const path = named === undefined ? await findConfig(environment.cwd) : resolve(environment.cwd, named);
  if (path === undefined) return undefined;
  return resolveOtherTarget(await loadConfig(path), environment.variables);
}
