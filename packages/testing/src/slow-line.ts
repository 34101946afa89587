import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface SlowLine {
  /** The URL with the host and port of this end of the line. */
  readonly url: string;
  close(): Promise<void>;
}

/** A TCP line to where a URL leads that holds everything back for `delayMs`, each way. Nothing is lost, and the order is kept. */
export async function startSlowLine(url: string, delayMs: number): Promise<SlowLine> {
  const there = new URL(url);
  const open = new Set<Socket>();
  const server = createServer(near => {
    const far = connect({ host: there.hostname, port: Number(there.port) });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(from);
      from.on('data', chunk => setTimeout(() => to.write(chunk), delayMs));
      from.on('error', () => to.destroy());
      from.on('close', () => {
        open.delete(from);
        setTimeout(() => to.destroy(), delayMs);
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = new URL(url);
  near.hostname = '127.0.0.1';
  near.port = String((server.address() as AddressInfo).port);
  return {
    url: near.href,
    close: async () => {
      server.close();
      for (const socket of open) socket.destroy();
      await once(server, 'close');
    },
  };
}
