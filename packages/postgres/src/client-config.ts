import { accessSync, constants } from 'node:fs';
import { errorMessage, HoldfastError } from '@holdfast/core';
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
const CERTIFICATE_FILES = ['sslrootcert', 'sslcert', 'sslkey'];

/**
 * The driver's configuration for one connection. What the URL says itself wins. TLS is as in libpq (PostgreSQL manual, SSL
 * Support): `require` encrypts without verifying whom it talks to, unless `sslrootcert` names an authority; `verify-ca`
 * verifies who issued the certificate, `verify-full` also for which host, by default against the public authorities. Unlike
 * there, `prefer` and `allow` do not fall back to plain text: they mean `require`.
 * @throws HoldfastError `configuration_invalid` for a certificate or key that cannot be read.
 */
export function clientConfig(options: ClientOptions): ClientConfig {
  return {
    connectionString: withLibpqModes(options.url),
    connectionTimeoutMillis: options.connectTimeoutMs,
    statement_timeout: options.statementTimeoutMs || false,
    application_name: options.applicationName ?? 'holdfast',
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_DELAY_MS,
    types: typeParsers,
  };
}

/** By itself the driver verifies in every mode, and warns on stderr that it will not always. */
function withLibpqModes(url: string): string {
  const parameters = URL.canParse(url) ? new URL(url).searchParams : new URLSearchParams();
  if (!parameters.has('sslmode')) return url;
  for (const name of CERTIFICATE_FILES) assertReadable(name, parameters.get(name));
  if (parameters.has('uselibpqcompat') || parameters.get('sslmode') === 'no-verify') return url;
  return `${url.replace(/([?&]sslmode=)allow(?=&|$)/, '$1prefer')}&uselibpqcompat=true`;
}

function assertReadable(name: string, path: string | null): void {
  if (path === null) return;
  try {
    accessSync(path, constants.R_OK);
  } catch (cause) {
    const message = `${name} in the URL of the database: ${errorMessage(cause)}`;
    throw new HoldfastError('configuration_invalid', message, { cause });
  }
}
