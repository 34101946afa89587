import { once } from 'node:events';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';

/** The certificate that a server shows. Times are milliseconds since the epoch. */
export interface ServerCertificate {
  readonly subject: string;
  readonly issuer: string;
  readonly validFrom: number;
  readonly validTo: number;
  readonly sha256: string;
}

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** SSLRequest: its length and its code (PostgreSQL manual, Message Formats). */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
const DEFAULT_PORT = 5_432;

/** Where a URL leads over TCP; undefined for a Unix socket. */
export function addressOf(databaseUrl: string): ServerAddress | undefined {
  const url = new URL(databaseUrl);
  const host = url.searchParams.get('host') ?? decodeURIComponent(url.hostname);
  if (host === '' || host.startsWith('/')) return undefined;
  const port = Number(url.searchParams.get('port') ?? url.port) || DEFAULT_PORT;
  return { host: host.replace(/^\[|\]$/g, ''), port };
}

/**
 * Asks a PostgreSQL server for TLS and reads its certificate, without logging in. Whom it was issued by and for is not
 * judged. Undefined when the server offers no TLS. Rejects when it does not answer within `timeoutMs`.
 */
export async function readServerCertificate(
  { host, port }: ServerAddress,
  timeoutMs: number,
): Promise<ServerCertificate | undefined> {
  const signal = AbortSignal.timeout(timeoutMs);
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect', { signal });
    socket.write(SSL_REQUEST);
    const [answer] = (await once(socket, 'data', { signal })) as [Buffer];
    if (answer.toString('latin1', 0, 1) !== 'S') return undefined;
    return await handshake(socket, host, signal);
  } finally {
    socket.destroy();
  }
}

async function handshake(socket: Socket, host: string, signal: AbortSignal): Promise<ServerCertificate> {
  // an expired certificate is what we look for: it must not end the handshake
  const secure: TLSSocket = connectTls({
    socket,
    rejectUnauthorized: false,
    ...(isIP(host) === 0 ? { servername: host } : {}),
  });
  try {
    await once(secure, 'secureConnect', { signal });
    const { subject, issuer, valid_from, valid_to, fingerprint256 } = secure.getPeerCertificate();
    return {
      subject: nameText(subject),
      issuer: nameText(issuer),
      validFrom: Date.parse(valid_from),
      validTo: Date.parse(valid_to),
      sha256: fingerprint256,
    };
  } finally {
    secure.destroy();
  }
}

function nameText(name: object): string {
  return Object.entries(name)
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(', ');
}
