import { once } from 'node:events';
import { connect as connectSocket, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

const GREETED_AS = 4_242;
const AUTHENTICATED = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0]);
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

/**
 * A pooler with one session of the server for everybody, handed on whenever no transaction is open, as PgBouncer's does with
 * pool_mode = transaction. The first client logs in for all. Returns the URL; it ends with the test.
 */
export async function startTransactionPooler(t: TestContext, url: string): Promise<string> {
  const target = new URL(url);
  const backend = connectSocket(Number(target.port), target.hostname);
  const turns: { readonly client: Socket; readonly message: Buffer }[] = [];
  let current: Socket | undefined;
  let isOpen = false;
  const next = (): void => {
    if (current !== undefined && isOpen) return;
    const turn = turns.shift();
    current = turn?.client;
    if (turn !== undefined) backend.write(turn.message);
  };
  const forward = eachMessage(message => {
    const isKey = message[0] === 0x4b;
    if (isKey) message.writeInt32BE(GREETED_AS, 5);
    current?.write(message);
    if (message[0] !== 0x5a) return;
    const inTransaction = message[5] !== 0x49;
    if (!inTransaction) {
      current = undefined;
      isOpen = true;
      next();
    }
  });
  backend.on('data', forward).on('error', () => undefined);
  const server = createServer(client => {
    client.on('error', () => undefined);
    client.on('data', data => {
      const isStartup = data[0] === 0;
      if (isStartup && isOpen) client.write(Buffer.concat([AUTHENTICATED, READY]));
      else if (client === current) backend.write(data);
      else if (data[0] !== 0x58) {
        turns.push({ client, message: data });
        if (current === undefined) next();
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    backend.destroy();
    server.close();
  });
  const address = server.address();
  target.hostname = '127.0.0.1';
  target.port = String(typeof address === 'object' ? address?.port : '');
  return target.href;
}

/** Calls back with each whole message of the server's side of the protocol. */
function eachMessage(heard: (message: Buffer) => void): (data: Buffer) => void {
  let rest = Buffer.alloc(0);
  return data => {
    rest = Buffer.concat([rest, data]);
    while (rest.length >= 5 && rest.length >= 1 + rest.readInt32BE(1)) {
      const length = 1 + rest.readInt32BE(1);
      heard(Buffer.from(rest.subarray(0, length)));
      rest = rest.subarray(length);
    }
  };
}
