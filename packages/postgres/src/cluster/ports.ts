import { once } from 'node:events';
import { createServer } from 'node:net';

export const LISTEN_ADDRESS = '127.0.0.1';

/** Whether PostgreSQL could listen on that port at this moment. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await tryListen(port)) !== undefined;
}

/** A port that nobody listens on. Another process may take it before it is used. */
export async function findFreePort(): Promise<number> {
  const port = await tryListen(0);
  if (port === undefined) throw new Error(`No free port on ${LISTEN_ADDRESS}`);
  return port;
}

/** Listens for a moment; the port, or undefined when that was refused. */
async function tryListen(port: number): Promise<number | undefined> {
  const server = createServer();
  try {
    server.listen({ port, host: LISTEN_ADDRESS, exclusive: true });
    await once(server, 'listening');
  } catch {
    return undefined;
  }
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' ? address?.port : undefined;
}
