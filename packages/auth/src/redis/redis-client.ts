import { createClient } from '@redis/client';

export interface RedisOptions {
  readonly url: string;
  /** Told of every connection error; the client reconnects by itself. */
  readonly onError?: (error: unknown) => void;
}

const CONNECT_TIMEOUT_MS = 1_000;
const COMMAND_TIMEOUT_MS = 1_000;

/** A client that reconnects by itself, never queues while it is cut off, and gives up on a silent server. */
export function createRedisClient({ url, onError }: RedisOptions) {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    pingInterval: 5_000,
    commandOptions: { timeout: COMMAND_TIMEOUT_MS },
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectStrategy: retries => Math.random() * Math.min(3_000, 50 * 2 ** Math.min(retries, 10)),
    },
  });
  // Without a listener an error event would end the process.
  client.on('error', error => onError?.(error));
  return client;
}

/** Ends a client for good. One that is just connecting comes up after it was destroyed, and is destroyed then. */
export function endRedisClient(client: ReturnType<typeof createRedisClient>): void {
  client.once('ready', () => client.destroy());
  client.destroy();
}
