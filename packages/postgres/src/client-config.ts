import type { ClientConfig } from 'pg';
import { typeParsers } from './type-parsers.ts';

export interface ClientOptions {
  readonly url: string;
  readonly connectTimeoutMs: number;
  /** 0 for none. */
  readonly statementTimeoutMs: number;
  readonly applicationName?: string | undefined;
}

const KEEPALIVE_DELAY_MS = 10_000;

/** The driver's configuration for one connection. What the URL says itself wins. */
export function clientConfig(options: ClientOptions): ClientConfig {
  return {
    connectionString: options.url,
    connectionTimeoutMillis: options.connectTimeoutMs,
    statement_timeout: options.statementTimeoutMs || false,
    application_name: options.applicationName ?? 'holdfast',
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_DELAY_MS,
    types: typeParsers,
  };
}
