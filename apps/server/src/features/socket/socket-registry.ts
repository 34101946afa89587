import { findSessionStates, type SessionState } from '@holdfast/auth';
import type { SOCKET_CLOSE } from '@holdfast/contract';
import type { ServerSocket } from './server-socket.ts';
import { createSocketConnection, type SocketConnection, type SocketServices } from './socket-connection.ts';

/** Every open connection of this server. */
export interface SocketRegistry {
  readonly size: number;
  /** Takes over a socket; `token` is what its handshake brought. */
  accept(socket: ServerSocket, token: string | undefined): void;
  /** Says goodbye to everybody and hangs up on who does not answer. */
  close(): Promise<void>;
}

const TICK_MS = 250;
const GOODBYE_MS = 1_000;

/** Closes the connections of a session as soon as the feed tells that it has ended. */
export function createSocketRegistry(services: SocketServices): SocketRegistry {
  const connections = new Set<SocketConnection>();
  const bySession = new Map<string, Set<SocketConnection>>();
  const stop = new AbortController();
  const closeSession = (sessionId: string, code: keyof typeof SOCKET_CLOSE): void => {
    for (const connection of bySession.get(sessionId) ?? []) connection.close(code);
  };
  const stopListening = services.feed.onRevoked(sessionId => closeSession(sessionId, 'sessionRevoked'));
  const ticking = tickForever(services, connections, bySession, closeSession, stop.signal);
  return {
    get size() {
      return connections.size;
    },
    accept: (socket, token) => {
      let session: string | undefined;
      const connection = createSocketConnection(services, socket, sessionId => {
        session = sessionId;
        const known = bySession.get(sessionId) ?? new Set();
        bySession.set(sessionId, known.add(connection));
      });
      connections.add(connection);
      socket.on('close', () => {
        connections.delete(connection);
        if (session !== undefined) forget(bySession, session, connection);
      });
      if (token !== undefined) connection.begin(token);
    },
    close: async () => {
      stopListening();
      for (const connection of connections) connection.close('goingAway');
      const deadline = services.clock.monotonic() + GOODBYE_MS;
      while (connections.size > 0 && services.clock.monotonic() < deadline) await services.clock.sleep(10);
      for (const connection of connections) connection.terminate();
      stop.abort();
      await ticking;
    },
  };
}

type BySession = Map<string, Set<SocketConnection>>;

function forget(bySession: BySession, sessionId: string, connection: SocketConnection): void {
  const known = bySession.get(sessionId);
  known?.delete(connection);
  if (known?.size === 0) bySession.delete(sessionId);
}

async function tickForever(
  services: SocketServices,
  connections: ReadonlySet<SocketConnection>,
  bySession: BySession,
  closeSession: (sessionId: string, code: keyof typeof SOCKET_CLOSE) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await services.clock.sleep(TICK_MS, signal).catch(() => undefined);
    for (const connection of connections) connection.tick();
    if (bySession.size > 0 && !services.feed.isFresh()) await askAboutAll(services, bySession, closeSession);
  }
}

const CLOSE_CODES: Readonly<Record<Exclude<SessionState, 'live'>, keyof typeof SOCKET_CLOSE>> = {
  ended: 'sessionRevoked',
  unknown: 'unauthenticated',
};

/** Without a feed nobody is vouched for: the database decides, and without that nobody stays. */
async function askAboutAll(
  { pool }: SocketServices,
  bySession: BySession,
  closeSession: (sessionId: string, code: keyof typeof SOCKET_CLOSE) => void,
): Promise<void> {
  const ids = [...bySession.keys()];
  try {
    for (const [id, state] of await findSessionStates(pool, ids)) {
      if (state !== 'live') closeSession(id, CLOSE_CODES[state]);
    }
  } catch {
    for (const id of ids) closeSession(id, 'unavailable');
  }
}
