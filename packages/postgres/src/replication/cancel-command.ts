import { connect } from 'node:net';
import type { Client } from 'pg';

const CANCEL_REQUEST_CODE = 80_877_102;
const DEADLINE_MS = 5_000;

/** What the driver knows of a connection beyond its declared type. */
type StartedClient = Client & { readonly processID: number; readonly secretKey: number };

/**
 * Asks the server to break off what the connection is doing (manual, section "Canceling Requests in Progress"). Nobody
 * says whether that helped, so it resolves in any case.
 */
export async function cancelCommand(client: Client): Promise<void> {
  const { host, port, processID, secretKey } = client as StartedClient;
  const request = Buffer.alloc(16);
  request.writeInt32BE(16, 0);
  request.writeInt32BE(CANCEL_REQUEST_CODE, 4);
  request.writeInt32BE(processID, 8);
  request.writeInt32BE(secretKey, 12);
  const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
  const closed = Promise.withResolvers<void>();
  socket.setTimeout(DEADLINE_MS, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('close', () => closed.resolve());
  socket.on('connect', () => socket.end(request));
  socket.resume();
  await closed.promise;
}
