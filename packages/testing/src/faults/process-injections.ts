import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Stack } from '../stack.ts';
import type { FaultInjection } from './fault-injection.ts';

function signalServer({ serverPid }: Stack, signal: NodeJS.Signals): void {
  if (serverPid === undefined) throw new Error('the server of the stack does not run');
  process.kill(serverPid, signal);
}

async function killServer(stack: Stack): Promise<void> {
  const gone = stack.serverGone();
  signalServer(stack, 'SIGKILL');
  await gone;
}

/** kill -9: no goodbye, the run file stays. */
export const apiProcessDown: FaultInjection = {
  code: 'api_process_down',
  inject: killServer,
  heal: stack => stack.startServer(),
  expected: { code: 'api_process_down', layer: 'process', subject: 'process:server' },
};

/** kill -STOP: alive, port open, silent. */
export const apiHung: FaultInjection = {
  code: 'api_hung',
  inject: async stack => signalServer(stack, 'SIGSTOP'),
  heal: async stack => {
    signalServer(stack, 'SIGCONT');
    await stack.ready();
  },
  expected: { code: 'api_hung', layer: 'process', subject: 'process:server' },
};

/** The server is killed, and another program gets its port: this very process. */
export function portTaken(): FaultInjection {
  let port = 0;
  const intruder = createServer((_request, response) => response.writeHead(404).end('not here'));
  return {
    code: 'port_taken',
    inject: async stack => {
      port = Number(new URL(stack.apiUrl).port);
      await killServer(stack);
      intruder.listen(port, '127.0.0.1');
      await once(intruder, 'listening');
    },
    heal: async stack => {
      intruder.close();
      intruder.closeAllConnections();
      await once(intruder, 'close');
      await stack.startServer();
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
  code: 'holdfast_stopped',
  inject: async stack => {
    await stack.stopServer();
    await stack.stopDatabase('fast');
  },
  heal: async stack => {
    await stack.startDatabase();
    await stack.startServer();
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
    code: expected.code,
    inject: async stack => {
      await stack.stopServer();
      await stack.setVariable(variable, value);
      await stack.startServerInVain();
    },
    heal: async stack => {
      await stack.setVariable(variable, variable === 'DATABASE_URL' ? stack.cluster.appUrl : undefined);
      await stack.startServer();
    },
    expected,
  };
}
