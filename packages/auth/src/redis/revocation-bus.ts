import { createRedisClient, endRedisClient, type RedisOptions } from './redis-client.ts';

const CHANNEL = 'holdfast:revocations';

/**
 * A second way for revocations to reach the other replicas, beside the database's own notifications. Nothing relies on
 * it alone: what it loses is found by polling.
 */
export interface RevocationBus {
  /** Announces revoked sessions. Never throws: an announcement that is lost is found by polling. */
  publish(sessionIds: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** Connects in the background and calls `onRevoked` for every session that any replica announces, this one included. */
export function openRevocationBus(
  options: RedisOptions,
  onRevoked: (sessionId: string) => void,
): RevocationBus {
  const publisher = createRedisClient(options);
  const subscriber = createRedisClient(options);
  const report = (error: unknown): void => options.onError?.(error);
  const started = Promise.all([
    publisher.connect().catch(report),
    subscriber
      .connect()
      .then(async () => {
        // one that was closed meanwhile would wait for ever
        if (subscriber.isOpen) await subscriber.subscribe(CHANNEL, message => onRevoked(message));
      })
      .catch(report),
  ]);
  return {
    publish: async sessionIds => {
      await Promise.all(sessionIds.map(id => publisher.publish(CHANNEL, id))).catch(report);
    },
    close: async () => {
      endRedisClient(publisher);
      endRedisClient(subscriber);
      await started;
    },
  };
}
