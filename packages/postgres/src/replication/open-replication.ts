import type { Socket } from 'node:net';
import { HoldfastError } from '@holdfast/core';
import { Client, type ClientConfig } from 'pg';
import { clientConfig } from '../client-config.ts';
import { databaseTrouble } from '../database-errors.ts';
import { type ByteSource, createBufferedSource, createReusingSocket } from './byte-source.ts';
import { cancelCommand } from './cancel-command.ts';
import { createReplicationSession } from './create-replication-session.ts';
import { createMessageChannel } from './message-channel.ts';
import type { ReplicationSession } from './replication-session.ts';

export interface OpenReplicationOptions {
  /** Of a role with the right REPLICATION, where pg_hba.conf lets it in for `replication`. */
  readonly url: string;
  /** Connected to the database of the URL, which logical slots need; else to none. */
  readonly database?: boolean;
  /** Default 5,000 ms. */
  readonly connectTimeoutMs?: number;
  readonly applicationName?: string;
}

const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Opens a connection in replication mode, in one attempt. Throws `database_unavailable`, `database_timeout`, or the
 * server's own error, whose `sqlState` tells why it refused (42501 no right to replicate, 28000 not in pg_hba.conf, …).
 */
export async function openReplication(options: OpenReplicationOptions): Promise<ReplicationSession> {
  const { url, connectTimeoutMs = CONNECT_TIMEOUT_MS, applicationName } = options;
  const config = clientConfig({ url, connectTimeoutMs, statementTimeoutMs: 0, applicationName });
  const replication = options.database ? 'database' : 'true';
  const { client, source } = newClient({ ...config, replication } as typeof config);
  client.on('error', () => undefined);
  const version = majorVersionOf(client);
  try {
    await client.connect();
    const channel = createMessageChannel(client.connection.stream as Socket, source);
    return createReplicationSession({
      channel,
      url,
      majorVersion: version(),
      cancel: () => cancelCommand(client),
    });
  } catch (error) {
    client.connection.stream.destroy();
    throw databaseTrouble(error) ?? error;
  }
}

/** With TLS the memory is a matter of the layer between. */
function newClient(config: ClientConfig): { readonly client: Client; readonly source: ByteSource } {
  const client = new Client(config);
  if (client.ssl) return { client, source: createBufferedSource() };
  const { socket, source } = createReusingSocket();
  return { client: new Client({ ...config, stream: () => socket }), source };
}

/** The server says its version while the connection is made, and not again. */
function majorVersionOf(client: Client): () => number {
  let text = '';
  client.connection.on('parameterStatus', (message: { parameterName: string; parameterValue: string }) => {
    if (message.parameterName === 'server_version') text = message.parameterValue;
  });
  return () => {
    const major = Number(/^\d+/.exec(text)?.[0]);
    if (major >= 14) return major;
    const message = `This is PostgreSQL ${text || 'of an unknown version'}; backups and WAL over its replication protocol need 14 or later`;
    throw new HoldfastError('replication_failed', message);
  };
}
