import { connect, type Socket } from 'node:net';
import type { PortSighting } from '../sightings.ts';
import { milliseconds, type ProbeTools } from './probe.ts';

const RESULTS: Readonly<Record<string, PortSighting['result']>> = {
  ECONNREFUSED: 'refused',
  ENOTFOUND: 'unresolved',
  EAI_AGAIN: 'unresolved',
  ETIMEDOUT: 'timeout',
};

/** Opens a TCP connection and closes it again. Never rejects. */
export async function lookAtPort(
  host: string,
  port: number,
  timeoutMs: number,
  { clock }: Pick<ProbeTools, 'clock'>,
): Promise<PortSighting> {
  const begin = clock.monotonic();
  const socket = connect({ host, port });
  const result = await outcomeOf(socket, timeoutMs);
  socket.destroy();
  return { host, port, result, milliseconds: milliseconds(begin, clock.monotonic()) };
}

function outcomeOf(socket: Socket, timeoutMs: number): Promise<PortSighting['result']> {
  return new Promise(resolve => {
    socket.setTimeout(timeoutMs, () => resolve('timeout'));
    socket.once('connect', () => resolve('open'));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(RESULTS[codeOf(error)] ?? 'unreachable'));
  });
}

/** A host with several addresses fails with all of their errors. */
function codeOf(error: NodeJS.ErrnoException): string {
  const [first] = error instanceof AggregateError ? (error.errors as NodeJS.ErrnoException[]) : [error];
  return first?.code ?? '';
}

/** Host and port of a URL, with the default port of its scheme. */
export function addressOf(url: string): { readonly host: string; readonly port: number } {
  const { hostname, port, protocol } = new URL(url);
  const defaults: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    host: host === '' ? 'localhost' : host,
    port: port === '' ? (defaults[protocol] ?? 5_432) : Number(port),
  };
}
