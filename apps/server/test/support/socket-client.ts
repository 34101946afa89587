import type { SocketServerMessage } from '@holdfast/contract';
import { eventually } from '@holdfast/testing';

/** A WebSocket client that remembers what it got. */
export interface SocketClient {
  readonly messages: SocketServerMessage[];
  readonly protocol: string;
  send(message: unknown): void;
  /** The first message of that type, once it has come. */
  message(type: SocketServerMessage['type'], index?: number): Promise<SocketServerMessage>;
  /** The code it was closed with. */
  readonly closed: Promise<number>;
  close(): void;
}

export interface SocketRequest {
  readonly protocols?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly path?: string;
}

/** Connects; resolves when the handshake is done or refused. */
export async function openSocket(url: string, request: SocketRequest = {}): Promise<SocketClient> {
  const { protocols = [], headers = {}, path = '/ws' } = request;
  const messages: SocketServerMessage[] = [];
  const target = new URL(path, url.replace(/^http/, 'ws'));
  // Node's own client takes headers as well, which its browser types do not know
  const socket = new WebSocket(target, { protocols: [...protocols], headers } as never);
  const opened = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<number>();
  socket.addEventListener('message', ({ data }) => void messages.push(JSON.parse(String(data))));
  socket.addEventListener('open', () => opened.resolve());
  socket.addEventListener('error', () => opened.resolve());
  socket.addEventListener('close', ({ code }) => closed.resolve(code));
  await opened.promise;
  return {
    messages,
    protocol: socket.protocol,
    send: message => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    message: (type, index = 0) =>
      eventually(() => messages.filter(message => message.type === type)[index], { timeoutMs: 20_000 }),
    closed: closed.promise,
    close: () => socket.close(),
  };
}

/** Offers the token as a browser can: as a subprotocol. */
export function bearerProtocols(token: string): readonly string[] {
  return ['holdfast.v1', `bearer.${token}`];
}
