import type { AddressInfo } from 'node:net';
import { HoldfastError } from '@holdfast/core';
import type { FastifyInstance } from 'fastify';

export interface Listening {
  readonly url: string;
  readonly port: number;
}

/** Listens; throws `port_in_use` when somebody else does. A port of 0 is a free one. */
export async function listen(app: FastifyInstance, host: string, port: number): Promise<Listening> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new HoldfastError(
      'port_in_use',
      `Port ${port} of ${host} is in use by another program. Choose another one with --port; 0 picks a free one.`,
      { cause: error, details: { host, port } },
    );
  }
  const address = app.server.address() as AddressInfo;
  return { url: `http://${reachableHost(host)}:${address.port}`, port: address.port };
}

/** A host that can be put into a URL, for addresses that mean all of them. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
