import { defineCommand } from '../command.ts';
import { runKeeper } from '../keeper-command.ts';

/** `holdfast keeper`: the control plane alone. */
export const keeper = defineCommand({
  usage: '',
  description:
    'Runs the control plane alone, beside API servers and a database that were started elsewhere: the status page, the ops API, health samples and incidents, and the way to the API server. It starts and restarts nothing.',
  options: {
    'api-url': { type: 'string', value: 'URL', description: 'where the API answers (also HOLDFAST_API_URL)' },
  },
  examples: [
    [
      'holdfast keeper --api-url http://10.0.0.5:7400 --database-url postgresql://…',
      'watch a server and a database on other machines',
    ],
  ],
  exitStatus: [
    [0, 'it was told to stop, and has stopped'],
    [1, 'it could not start; for example another one runs on the state directory'],
    [2, 'a setting or an option is missing or wrong'],
  ],
  run: async ({ configuration, environment, terminal }) => {
    const effective = configuration('keeper');
    const { apiUrl, databaseUrl } = effective.settings;
    if (apiUrl === undefined)
      terminal.warning('HOLDFAST_API_URL is not set: no API server is watched or forwarded to');
    if (databaseUrl === undefined) terminal.warning('DATABASE_URL is not set: no database is watched');
    await runKeeper({
      configuration: effective,
      mode: { kind: 'alone' },
      environment,
      terminal,
      onReady: ({ url, home }) =>
        terminal.result(
          { ready: true, url, home, pids: { keeper: process.pid } },
          () => `The keeper serves at ${url}`,
        ),
    });
    return 0;
  },
});
