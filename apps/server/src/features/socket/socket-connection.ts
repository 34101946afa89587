import type { AccessClaims } from '@holdfast/auth';
import {
  SOCKET_AUTHENTICATION_MS,
  SOCKET_CLOSE,
  type SocketClientMessage,
  type SocketServerMessage,
} from '@holdfast/contract';
import type { Services } from '../../services.ts';
import { closeFor } from './close-reason.ts';
import { createAllowance } from './message-allowance.ts';
import type { ServerSocket } from './server-socket.ts';
import { parseSocketMessage } from './socket-message.ts';

export type SocketServices = Pick<
  Services,
  'authenticator' | 'feed' | 'pool' | 'clock' | 'databaseClock' | 'settings' | 'lifecycle'
>;

/** One client. It gets no data before it has proved who it is, and none after that is over. */
export interface SocketConnection {
  /** The session it belongs to; undefined until it has authenticated. */
  readonly sessionId: string | undefined;
  /** Authenticates with a token that came with the handshake. */
  begin(token: string): void;
  /** Looks at the clock: time limits, expiry, heartbeat. Called now and then. */
  tick(): void;
  close(code: keyof typeof SOCKET_CLOSE): void;
  terminate(): void;
}

const MESSAGES = { burst: 30, perSecond: 5 };
const MAX_BUFFERED_BYTES = 1_048_576;
const HEARTBEAT_MS = 30_000;
const NOTICE_MS = 60_000;

type State =
  | { readonly kind: 'waiting'; readonly until: number }
  | { readonly kind: 'open'; readonly claims: AccessClaims; readonly noticed: boolean }
  | { readonly kind: 'closed' };

interface Parts {
  readonly services: SocketServices;
  readonly socket: ServerSocket;
  readonly onSession: (sessionId: string) => void;
  readonly allow: () => boolean;
  state: State;
  pingedAt: number;
  answered: boolean;
  /** Messages are handled one after another. */
  turn: Promise<void>;
}

/** @param onSession called with the session id each time the client has authenticated. */
export function createSocketConnection(
  services: SocketServices,
  socket: ServerSocket,
  onSession: (sessionId: string) => void,
): SocketConnection {
  const now = services.clock.monotonic();
  const parts: Parts = {
    services,
    socket,
    onSession,
    allow: createAllowance(services.clock, MESSAGES),
    state: { kind: 'waiting', until: now + SOCKET_AUTHENTICATION_MS },
    pingedAt: now,
    answered: true,
    turn: Promise.resolve(),
  };
  const inTurn = (work: () => Promise<void>): void => {
    parts.turn = parts.turn.then(work).catch(error => close(parts, closeFor(error)));
  };
  socket.on('message', (data, isBinary) => {
    if (parts.allow()) inTurn(async () => receive(parts, parseSocketMessage(data, isBinary)));
    else close(parts, 'tooManyMessages');
  });
  socket.on('pong', () => {
    parts.answered = true;
  });
  return {
    get sessionId() {
      return parts.state.kind === 'open' ? parts.state.claims.sessionId : undefined;
    },
    begin: token => inTurn(() => authenticate(parts, token)),
    tick: () => tick(parts),
    close: code => close(parts, code),
    terminate: () => socket.terminate(),
  };
}

async function receive(parts: Parts, message: SocketClientMessage | undefined): Promise<void> {
  const { kind } = parts.state;
  if (kind === 'closed') return;
  if (message?.type === 'authenticate') await authenticate(parts, message.token);
  else if (kind === 'waiting') close(parts, 'unauthenticated');
  else if (message === undefined) close(parts, 'malformed');
  else send(parts, { type: 'pong', ...(message.id === undefined ? {} : { id: message.id }) });
}

async function authenticate(parts: Parts, token: string): Promise<void> {
  const { authenticator, feed, databaseClock } = parts.services;
  const claims = await authenticator.authenticate(token);
  const before = parts.state;
  if (before.kind === 'closed') return;
  const { sessionId } = claims;
  // a connection belongs to one session, by which it is found when that ends
  const foreign = before.kind === 'open' && before.claims.sessionId !== sessionId;
  // verification tolerates clocks that differ a little; a connection would only be closed again
  const over = claims.expiresAt <= databaseClock.now();
  if (foreign || over) {
    close(parts, 'unauthenticated');
    return;
  }
  parts.state = { kind: 'open', claims, noticed: false };
  parts.onSession(sessionId);
  if (feed.isRevoked(sessionId)) close(parts, 'sessionRevoked');
  else send(parts, { type: 'ready', sessionId, expiresAt: new Date(claims.expiresAt).toISOString() });
}

function send(parts: Parts, message: SocketServerMessage): void {
  if (parts.socket.bufferedAmount > MAX_BUFFERED_BYTES) close(parts, 'slowReader');
  else parts.socket.send(JSON.stringify(message));
}

function tick(parts: Parts): void {
  const { state, services } = parts;
  if (state.kind === 'closed') return;
  if (state.kind === 'waiting') {
    if (services.clock.monotonic() >= state.until) close(parts, 'authenticationTimeout');
    return;
  }
  const left = state.claims.expiresAt - services.databaseClock.now();
  if (left <= 0) {
    close(parts, 'unauthenticated');
    return;
  }
  if (!state.noticed && left <= Math.min(NOTICE_MS, services.settings.accessTokenTtl / 3)) {
    parts.state = { ...state, noticed: true };
    send(parts, { type: 'expiring', expiresAt: new Date(state.claims.expiresAt).toISOString() });
  }
  beat(parts);
}

/** Half-open connections are found by their silence. */
function beat(parts: Parts): void {
  const now = parts.services.clock.monotonic();
  if (now - parts.pingedAt < HEARTBEAT_MS) return;
  if (!parts.answered) {
    parts.socket.terminate();
    return;
  }
  parts.pingedAt = now;
  parts.answered = false;
  parts.socket.ping();
}

function close(parts: Parts, code: keyof typeof SOCKET_CLOSE): void {
  if (parts.state.kind === 'closed') return;
  parts.state = { kind: 'closed' };
  parts.socket.close(SOCKET_CLOSE[code], code);
}
