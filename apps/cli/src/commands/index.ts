import type { Command, CommandRegistry } from '../command.ts';

/** Every command, loaded when it is used: `holdfast --version` does not read the whole program. */
export const COMMANDS: CommandRegistry = {
  start: {
    summary: 'run everything on this machine: PostgreSQL, the API server and the keeper',
    load: async () => (await import('./start.ts')).start,
  },
  serve: {
    summary: 'run one API server on an existing PostgreSQL',
    load: async () => (await import('./serve.ts')).serve,
  },
  keeper: {
    summary: 'run the control plane alone, beside servers started elsewhere',
    load: async () => (await import('./keeper.ts')).keeper,
  },
  stop: {
    summary: 'stop what runs on the state directory, in order, and clean up after a killed keeper',
    load: async () => (await import('./stop.ts')).stop,
  },
  status: {
    summary: 'show each part, the migrations and the last incidents',
    load: async () => (await import('./status.ts')).status,
  },
  health: {
    summary: 'take a quick look at the API, the database and the keeper',
    load: async () => (await import('./health.ts')).health,
  },
  'detailed-health': {
    summary: 'examine any PostgreSQL thoroughly, with every entry of the health catalogue',
    load: async () => (await import('./detailed-health.ts')).detailedHealth,
  },
  doctor: {
    summary: 'find the root cause of trouble',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  migrate: {
    summary: 'bring the database schema up to this version, or down to an older one',
    load: async () => (await import('./migrate.ts')).migrate,
  },
  rollback: {
    summary: 'the same as migrate --down',
    load: async () => (await import('./rollback.ts')).rollback,
  },
  seed: {
    summary: 'put prepared rows into the database',
    load: async () => (await import('./seed.ts')).seed,
  },
  'restore-epoch': {
    summary: 'record that the database was restored by another tool, so that nobody is logged out',
    load: async () => (await import('./restore-epoch.ts')).restoreEpoch,
  },
  keys: {
    summary: 'list, rotate, revoke and check the keys of the keyring',
    load: async () => (await import('./keys.ts')).keys,
  },
  config: {
    summary: 'show the effective configuration and where each value comes from',
    load: async () => (await import('./config.ts')).config,
  },
  help: {
    summary: 'show the help of a command',
    load: async () => (await import('./help.ts')).createHelp(COMMANDS),
  },
};

export function commandNames(): readonly string[] {
  return Object.keys(COMMANDS);
}

/** The command of this name; undefined when there is none. */
export async function loadCommand(name: string): Promise<Command | undefined> {
  return Object.hasOwn(COMMANDS, name) ? COMMANDS[name]?.load() : undefined;
}
