import { PATIENT_MS } from '../proxy/proxy-settings.ts';
import { orderLines } from './api-injections.ts';
import type { ShopInjection } from './shop-injection.ts';

/** Longer than the proxy waits, and not so long that it would be a fault by itself. */
const LONG_SECONDS = 0.7;
const SHORT_MS = 500;

/** The server of the shop and its proxy. */
export const PROCESS_INJECTIONS = {
  serverKilled: system => ({
    name: 'the server killed',
    expected: { code: 'replica_not_running', layer: 'process', subject: `replica:${system.serverUrl}` },
    touches: [],
    inject: async () => {
      system.signalServer('SIGKILL');
      await system.stopServer();
    },
    heal: () => system.startServer(),
  }),
  serverSuspended: system => ({
    name: 'the server suspended',
    expected: { code: 'replica_hung', layer: 'process', subject: `replica:${system.serverUrl}` },
    touches: [],
    inject: async () => system.signalServer('SIGSTOP'),
    heal: async () => system.signalServer('SIGCONT'),
  }),
  proxyStopped: system => ({
    name: 'the proxy stopped',
    expected: { code: 'proxy_not_running', layer: 'proxy', subject: 'proxy' },
    touches: [],
    inject: () => system.stopProxy(),
    heal: () => system.startProxy(),
  }),
  proxyUpstreamWrong: system => ({
    name: 'the proxy asks another port',
    expected: { code: 'proxy_does_not_pass', layer: 'proxy', subject: 'proxy' },
    touches: [],
    inject: () => system.configureProxy({ upstreamPort: 9 }),
    heal: () => system.configureProxy({ upstreamPort: Number(new URL(system.serverUrl).port) }),
  }),
  proxyGivesUp: system => ({
    name: 'the proxy waits for a shorter time than an operation needs',
    expected: {
      ...{ code: 'proxy_gives_up', layer: 'proxy' },
      subject: 'endpoint:GET /v2/orders/{order_id}/items',
    },
    touches: ['order_lines'],
    inject: async () => {
      const slow = orderLines(`(select pg_sleep(${LONG_SECONDS})) is not null`);
      await system.asOwner(client => client.query(slow));
      await system.configureProxy({ timeoutMs: SHORT_MS });
    },
    heal: async () => {
      await system.asOwner(client => client.query(orderLines('true')));
      await system.configureProxy({ timeoutMs: PATIENT_MS });
    },
  }),
} as const satisfies Record<string, ShopInjection>;
