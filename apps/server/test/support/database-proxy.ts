import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

/** A TCP proxy before a database that can fail in the ways networks and servers do. */
export interface DatabaseProxy {
  /** The database's URL through the proxy. */
  readonly url: string;
  /** From now on nothing is forwarded, and connections stay open: a frozen server. */
  freeze(): void;
  /** From now on connections are broken, and new ones refused: a lost network. */
  cut(): void;
  /** Ends every kind of failure. */
  heal(): void;
  /** From now on the connection breaks when a commit has been sent, before its answer. */
  breakAtCommit(): void;
}

export async function databaseProxy(t: TestContext, databaseUrl: string): Promise<DatabaseProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const state = { frozen: false, breakAtCommit: false, cut: false };
  const server = createServer(client => {
    if (state.cut) {
      client.on('error', () => undefined).destroy();
      return;
    }
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
    client.on('data', chunk => {
      if (state.frozen) return;
      upstream.write(chunk);
      if (state.breakAtCommit && chunk.includes('commit\0')) client.destroy();
    });
    upstream.on('data', chunk => {
      if (!state.frozen) client.write(chunk);
    });
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise(resolve => server.close(resolve));
  });
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.href,
    freeze: () => {
      state.frozen = true;
    },
    cut: () => {
      state.cut = true;
      for (const socket of sockets) socket.destroy();
    },
    heal: () => Object.assign(state, { frozen: false, breakAtCommit: false, cut: false }),
    breakAtCommit: () => {
      state.breakAtCommit = true;
    },
  };
}
