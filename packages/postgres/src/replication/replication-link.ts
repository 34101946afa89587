import type { MessageChannel } from './message-channel.ts';

/** A connection in replication mode, and what is known of it. */
export interface ReplicationLink {
  readonly channel: MessageChannel;
  readonly url: string;
  readonly majorVersion: number;
  /** Asks the server to break off the running command. */
  readonly cancel: () => Promise<void>;
}
