import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { HoldfastError, isHoldfastError } from '@holdfast/core';
import {
  type AuditOptions,
  auditDependencies,
  type DependencyAudit,
  renderAudit,
} from '@holdfast/doctor/dependencies';
import { defineCommand, type OptionDefinitions, type OptionValues } from '../command.ts';
import type { Environment } from '../env.ts';
import type { ExitCode } from '../exit-codes.ts';

const OPTIONS = {
  node: {
    type: 'string',
    value: 'VERSION',
    description: 'the Node.js that the project runs on, such as 22.11.0 (default: the one of this command)',
  },
  registry: {
    type: 'string',
    value: 'URL',
    description: "whom to ask about vulnerabilities (default: the project's .npmrc, then npm's own)",
  },
  offline: { type: 'boolean', description: 'do not ask about vulnerabilities' },
  timeout: { type: 'string', value: 'SECONDS', description: 'for everything together (default 20)' },
} as const satisfies OptionDefinitions;

/** `holdfast dependencies [DIR]`: an audit of npm packages. */
export const dependencies = defineCommand({
  usage: '[DIR]',
  description:
    'Looks at the npm packages of the project in DIR (default: this directory), its workspaces included: several copies of what there must be only one of, package.json against the lock, the lock against what is installed, peers, the Node.js versions that packages want, packages that nothing uses, known vulnerabilities, and which packages run scripts when they are installed. Reads files and asks one registry; runs nothing, changes nothing. Of the lock files, npm versions 2 and 3 are read; with others, what is installed is.',
  maxPositionals: 1,
  options: OPTIONS,
  examples: [
    ['holdfast dependencies', 'the project here'],
    ['holdfast dependencies ../shop --verbose', 'another one, with every reason and place'],
    ['holdfast dependencies --node 20.11.0', 'would it run on that Node.js?'],
    ['holdfast dependencies --offline --json', 'without the registry, as JSON'],
  ],
  exitStatus: [
    [0, 'no problem; notes are told of'],
    [1, 'at least one problem'],
    [2, 'wrong usage, or a package.json or lock that is no JSON'],
    [
      3,
      'no problem was seen, but the registry did not answer or no version is known; or there is no package.json',
    ],
  ],
  run: async ({ options, positionals, terminal, environment }) => {
    const auditOptions = await readOptions(options, positionals[0] ?? '.', environment);
    const audit = await auditDependencies(auditOptions).catch(error => {
      if (isHoldfastError(error, 'not_found')) return error.message;
      throw error;
    });
    if (typeof audit === 'string') {
      terminal.result({ schemaVersion: 1, status: 'not_examined', reason: audit }, () => audit);
      return 3;
    }
    terminal.result(audit, () => renderAudit(audit, terminal));
    return exitCodeOf(audit);
  },
});

function exitCodeOf({ status }: DependencyAudit): ExitCode {
  if (status === 'incomplete') return 3;
  return status === 'problems' ? 1 : 0;
}

async function readOptions(
  { node, registry, offline, timeout }: OptionValues<typeof OPTIONS>,
  place: string,
  { cwd, variables }: Environment,
): Promise<AuditOptions> {
  const directory = resolve(cwd, place);
  if (
    !(await stat(directory).then(
      found => found.isDirectory(),
      () => false,
    ))
  )
    throw new HoldfastError('usage', `${directory} is no directory.`);
  const version = node?.replace(/^v/, '') ?? process.versions.node;
  if (!/^\d+\.\d+\.\d+$/.test(version))
    throw new HoldfastError('usage', `--node must be a whole version such as 22.11.0, not "${node}".`);
  if (offline === true && registry !== undefined)
    throw new HoldfastError('usage', '--offline asks no registry; it does not go together with --registry.');
  return {
    directory,
    node: version,
    registry: addressOf(registry) ?? configuredRegistry(variables),
    offline: offline === true,
    ...(timeout === undefined ? {} : { timeoutMs: secondsOf(timeout) * 1_000 }),
  };
}

function addressOf(registry: string | undefined): string | undefined {
  if (registry === undefined || /^https?:$/.test(URL.canParse(registry) ? new URL(registry).protocol : ''))
    return registry;
  throw new HoldfastError('usage', '--registry must be an address such as https://registry.npmjs.org.');
}

/** npm itself hands its setting to what it runs. */
function configuredRegistry(variables: Environment['variables']): string | undefined {
  const value = variables.npm_config_registry ?? variables.NPM_CONFIG_REGISTRY;
  return value !== undefined && URL.canParse(value) ? value : undefined;
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== '' && seconds >= 1 && seconds <= 600) return seconds;
  throw new HoldfastError('usage', `--timeout must be from 1 to 600 seconds, not "${text}".`);
}
