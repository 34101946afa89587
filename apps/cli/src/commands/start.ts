import { maskUrl, shellWord } from '@holdfast/core';
import type { Readiness } from '@holdfast/keeper';
import { defineCommand } from '../command.ts';
import type { Environment } from '../env.ts';
import { runKeeper } from '../keeper-command.ts';
import { selfLauncher } from '../self-launcher.ts';
import type { Terminal } from '../terminal.ts';

/** `holdfast start`: everything on this machine, in the foreground. */
export const start = defineCommand({
  usage: '',
  description:
    'Runs PostgreSQL, the API server and the keeper on this machine, in the foreground. The first start makes the database, its schema, the keys and an administrator, whose password is shown this once. A later start on the same state directory keeps all of it. With DATABASE_URL set, that database is used and no PostgreSQL is started. Ctrl-C stops everything in order; a second Ctrl-C hurries.',
  options: {
    'no-migrate': { type: 'boolean', description: 'leave the schema and the built-in rows as they are' },
  },
  examples: [
    ['holdfast start', 'everything in ./.holdfast, at http://127.0.0.1:7400'],
    ['holdfast start --home /var/lib/my-app --port 8080', 'another state directory and port'],
    ['holdfast start --json --port 0', 'one JSON line on stdout as soon as everything serves'],
    ['DATABASE_URL=postgresql://… holdfast start', 'on a PostgreSQL that exists already'],
  ],
  exitStatus: [
    [0, 'it was told to stop, and everything has stopped'],
    [1, 'it could not start; for example another one runs on the state directory'],
    [2, 'a setting or an option is missing or wrong'],
  ],
  run: async ({ options, configuration, environment, terminal }) => {
    const effective = configuration('start');
    const isDefault = effective.parsed.origins.home === 'default';
    const place = isDefault ? '' : ` --home ${shellWord(effective.home)}`;
    const again = (command: string): string => `${commandName(environment)} ${command}${place}`;
    await runKeeper({
      configuration: effective,
      mode: {
        kind: 'full',
        launcher: selfLauncher(environment),
        variables: effective.texts,
        migrate: options['no-migrate'] !== true,
      },
      environment,
      terminal,
      onReady: readiness =>
        terminal.result({ ready: true, ...readiness }, () => welcome(readiness, terminal, again)),
    });
    return 0;
  },
});

/** Started by npm, the command is not on the PATH of the shell. */
function commandName({ variables }: Environment): string {
  return variables.npm_lifecycle_event === undefined ? 'holdfast' : 'npx holdfast';
}

function welcome(readiness: Readiness, { style }: Terminal, again: (command: string) => string): string {
  const { url, databaseUrl, home, admin, pids } = readiness;
  const password =
    admin.password === undefined ? [] : [`  password       ${admin.password}  (shown only now)`];
  const login = JSON.stringify({ email: admin.email, password: admin.password ?? '…' });
  return [
    `${style('green', 'Holdfast is ready')} at ${style('bold', url)}`,
    '',
    `  status page    ${url}/`,
    `  documentation  ${url}/docs`,
    `  database       ${maskUrl(databaseUrl)}`,
    `  state          ${home}`,
    `  processes      keeper ${pids.keeper}, server ${pids.server ?? '-'}, PostgreSQL ${pids.postgres ?? 'not ours'}`,
    '',
    `  administrator  ${admin.email}`,
    ...password,
    '',
    'What to try next:',
    `  curl ${url}/api/v1/auth/login -H 'content-type: application/json' -d '${login}'`,
    `  ${again('doctor')}`,
    '      finds the cause when something does not work',
    `  ${again('start')}`,
    '      after a stop: everything is still there',
    '',
    'Ctrl-C stops everything.',
  ].join('\n');
}
