import { createLogger, startServer } from '@holdfast/server';
import { defineCommand } from '../command.ts';
import { launcherPid } from '../env.ts';
import { listenForStop, whenAborted } from '../stop-signals.ts';

/** `holdfast serve`: one API server. */
export const serve = defineCommand({
  usage: '',
  description:
    'Runs one stateless API server on an existing PostgreSQL (DATABASE_URL). Run as many as wanted behind a load balancer, all with the same keyring. It starts without its database, answers 503 meanwhile, and recovers by itself. SIGTERM lets running requests finish.',
  options: {
    'supervised-by': {
      type: 'string',
      value: 'PID',
      description: 'set by the keeper that supervises this server',
    },
  },
  examples: [
    ['DATABASE_URL=postgresql://… holdfast serve --port 8080', 'one server on port 8080'],
    ['DATABASE_URL=postgresql://… holdfast serve --json', 'a JSON line when it listens, its log on stderr'],
  ],
  exitStatus: [
    [0, 'it was told to stop, and has stopped'],
    [1, 'it could not start; for example the port is in use'],
    [2, 'a setting is missing or wrong, or the keyring is not usable'],
  ],
  run: async ({ configuration, environment, terminal }) => {
    const { settings, home } = configuration('serve');
    const stop = listenForStop(launcherPid(environment));
    try {
      const logger = terminal.json
        ? { logger: createLogger({ level: settings.logLevel, stream: { write: terminal.log } }) }
        : {};
      const server = await startServer({ settings, home, ...logger });
      if (terminal.json) {
        terminal.result(
          { ready: true, url: server.url, home, pids: { server: process.pid } },
          () => server.url,
        );
      }
      await whenAborted(stop.first);
      await Promise.race([server.close(), whenAborted(stop.second)]);
      return 0;
    } finally {
      stop.dispose();
    }
  },
});
