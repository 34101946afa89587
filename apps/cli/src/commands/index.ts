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
  snapshot: {
    summary: 'record what a system is while all is well, for the doctor to compare with',
    load: async () => (await import('./snapshot.ts')).snapshot,
  },
  api: {
    summary: 'hold any API against its OpenAPI document: answers, credentials, CORS, cookies, redirects',
    load: async () => (await import('./api.ts')).api,
  },
  frontend: {
    summary: 'find every API call in the sources of a frontend, and what is wrong with them',
    load: async () => (await import('./frontend.ts')).frontend,
  },
  report: {
    summary: 'open, list and show the reports of earlier examinations',
    load: async () => (await import('./report.ts')).report,
  },
  dependencies: {
    summary: 'audit the npm packages of a project: copies, drift, vulnerabilities, engines',
    load: async () => (await import('./dependencies.ts')).dependencies,
  },
  logs: {
    summary: 'find incidents in logs: when, where, who was affected, and why',
    load: async () => (await import('./logs.ts')).logs,
  },
  migrate: {
    summary: 'bring a schema up or down, show, verify, adopt and repair its migrations',
    load: async () => (await import('./migrate.ts')).migrate,
  },
  rollback: {
    summary: 'the same as migrate down',
    load: async () => (await import('./rollback.ts')).rollback,
  },
  drift: {
    summary: 'compare the schema with what it should be, and write the SQL that reconciles them',
    load: async () => (await import('./drift.ts')).drift,
  },
  seed: {
    summary: 'put prepared rows into the database',
    load: async () => (await import('./seed.ts')).seed,
  },
  cleanup: {
    summary: 'remove what has outlived its use: ended sessions, expired tokens, deleted rows',
    load: async () => (await import('./cleanup.ts')).cleanup,
  },
  backup: {
    summary: 'list, show, verify, copy, unpack and prune backups',
    load: async () => (await import('./backup.ts')).backup,
  },
  'list-backups': {
    summary: 'show the backups there are, and whether they are valid',
    load: async () => (await import('./list-backups.ts')).listBackups,
  },
  import: {
    summary: 'import accounts from a file',
    load: async () => (await import('./import.ts')).importAccountsFile,
  },
  audit: {
    summary: 'search the audit log, whether or not the API runs',
    load: async () => (await import('./audit.ts')).audit,
  },
  restore: {
    summary: 'bring a backup back: verified before it takes over, and undone when it was wrong',
    load: async () => (await import('./restore.ts')).restore,
  },
  gameday: {
    summary: 'rehearse a disaster on a copy of the system, and prove that nothing and nobody is lost',
    load: async () => (await import('./gameday.ts')).gameday,
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
