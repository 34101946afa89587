import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Stack } from '../stack.ts';
import type { FaultInjection } from './fault-injection.ts';

async function killServer({ server }: Stack): Promise<void> {
  server.signal('SIGKILL');
  await server.gone();
}

/** kill -9: no goodbye, the run file stays. */
export const apiProcessDown: FaultInjection = {
  name: 'kill -9 of the API server',
  inject: killServer,
  heal: ({ server }) => server.start(),
  expected: { code: 'api_process_down', layer: 'process', subject: 'process:server' },
};

/** kill -STOP: alive, port open, silent. */
export const apiHung: FaultInjection = {
  name: 'kill -STOP of the API server',
  inject: async ({ server }) => server.signal('SIGSTOP'),
  heal: async ({ server }) => {
    server.signal('SIGCONT');
    await server.ready();
  },
  expected: { code: 'api_hung', layer: 'process', subject: 'process:server' },
};

/** The server is killed, and another program gets its port: this very process. */
export function portTaken(): FaultInjection {
  let port = 0;
  const intruder = createServer((_request, response) => response.writeHead(404).end('not here'));
  return {
    name: 'another program on the port of the API',
    inject: async stack => {
      port = Number(new URL(stack.server.url).port);
      await killServer(stack);
      intruder.listen(port, '127.0.0.1');
      await once(intruder, 'listening');
    },
    heal: async ({ server }) => {
      intruder.close();
      intruder.closeAllConnections();
      await once(intruder, 'close');
      await server.start();
    },
    expected: {
      code: 'port_taken',
      layer: 'process',
      get subject() {
        return `port:${port}`;
      },
    },
  };
}

/** Everything is stopped in order. */
export const everythingStopped: FaultInjection = {
  name: 'everything stopped in order',
  inject: async stack => {
    await stack.server.stop();
    await stack.stopDatabase('fast');
  },
  heal: async stack => {
    await stack.startDatabase();
    await stack.server.start();
  },
  expected: { code: 'holdfast_stopped', layer: 'process', subject: 'process:holdfast' },
};

/** The server is started without its DATABASE_URL and ends at once. */
export const requiredVariableUnset: FaultInjection = serverRefuses('DATABASE_URL', undefined, {
  code: 'required_variable_unset',
  layer: 'config',
  subject: 'env:DATABASE_URL',
});

/** The server is started with a lifetime that has lost its unit, and ends at once. */
export const variableInvalid: FaultInjection = serverRefuses('HOLDFAST_ACCESS_TOKEN_TTL', '900', {
  code: 'variable_invalid',
  layer: 'config',
  subject: 'env:HOLDFAST_ACCESS_TOKEN_TTL',
});

function serverRefuses(
  variable: string,
  value: string | undefined,
  expected: FaultInjection['expected'],
): FaultInjection {
  return {
    name: value === undefined ? `${variable} not set` : `${variable} set to ${value}`,
    inject: async stack => {
      await stack.server.stop();
      await stack.setVariable(variable, value);
      await stack.server.startInVain();
    },
    heal: async stack => {
      await stack.setVariable(variable, variable === 'DATABASE_URL' ? stack.cluster.appUrl : undefined);
      await stack.server.start();
    },
    expected,
  };
}
