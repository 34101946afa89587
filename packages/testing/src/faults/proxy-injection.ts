import { type FaultProxy, startFaultProxy } from '../fault-proxy.ts';
import type { FaultInjection } from './fault-injection.ts';

/** Clients are sent through a proxy that passes everything on but Upgrade, as nginx does when it is not told otherwise. */
export function upgradeDropped(): FaultInjection {
  let proxy: FaultProxy | undefined;
  return {
    name: 'a proxy that drops Upgrade at HOLDFAST_API_URL',
    inject: async stack => {
      proxy = await startFaultProxy({ target: () => stack.server.url, dropAnswer: () => false });
      await stack.setVariable('HOLDFAST_API_URL', proxy.url);
    },
    heal: async stack => {
      await stack.setVariable('HOLDFAST_API_URL', undefined);
      await proxy?.close();
    },
    expected: { code: 'upgrade_dropped', layer: 'realtime', subject: 'endpoint:/ws' },
  };
}
