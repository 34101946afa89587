import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FaultProxyOptions {
  /** Where requests go at this moment; undefined while there is nobody, and connections are then cut. */
  readonly target: () => string | undefined;
  /** Asked once for each answer, when the server has finished with the request: true cuts the connection instead. */
  readonly dropAnswer: () => boolean;
}

export interface FaultProxy {
  readonly url: string;
  /** Requests passed on, answers that were dropped, and connections cut because nobody was there. */
  readonly counts: { readonly passed: number; readonly dropped: number; readonly cut: number };
  close(): Promise<void>;
}

/** An HTTP proxy in front of one server that loses answers on their way back, as a network does. It upgrades nothing. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const counts = { passed: 0, dropped: 0, cut: 0 };
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 64 });
  const server = createServer((incoming, outgoing) => {
    void forward(incoming, outgoing, { ...options, agent, counts });
  });
  server.keepAliveTimeout = 30_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    counts,
    close: async () => {
      server.close();
      server.closeAllConnections();
      agent.destroy();
      await once(server, 'close');
    },
  };
}

interface Forwarding extends FaultProxyOptions {
  readonly agent: Agent;
  readonly counts: { passed: number; dropped: number; cut: number };
}

async function forward(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { target, dropAnswer, agent, counts }: Forwarding,
): Promise<void> {
  const cut = (): void => {
    counts.cut += 1;
    incoming.socket.destroy();
  };
  const to = target();
  if (to === undefined) return cut();
  try {
    const body = await readAll(incoming);
    const answer = await ask(to, incoming, outgoing, { body, agent });
    const text = await readAll(answer);
    counts.passed += 1;
    if (dropAnswer()) {
      counts.dropped += 1;
      incoming.socket.destroy();
      return;
    }
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers).end(text);
  } catch {
    cut();
  }
}

/** A client that hangs up ends its request to the server, too, as it would without a proxy. */
async function ask(
  target: string,
  { method, url, headers }: IncomingMessage,
  client: ServerResponse,
  { body, agent }: { readonly body: Buffer; readonly agent: Agent },
): Promise<IncomingMessage> {
  // these concern one connection alone (RFC 9110 section 7.6.1)
  const {
    host: _host,
    'transfer-encoding': _encoding,
    connection: _connection,
    upgrade: _upgrade,
    ...kept
  } = headers;
  const outgoing = request(`${target}${url}`, {
    agent,
    ...(method === undefined ? {} : { method }),
    headers: body.length === 0 ? kept : { ...kept, 'content-length': body.length },
  });
  client.once('close', () => {
    if (!client.writableFinished) outgoing.destroy();
  });
  outgoing.on('error', () => undefined);
  outgoing.end(body);
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  return answer;
}

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
