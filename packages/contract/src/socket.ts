import Type, { type Static } from 'typebox';
import { Id, Timestamp, Token, text } from './schemas/text.ts';

export const SOCKET_PATH = '/ws';

/**
 * The subprotocol of the messages below. A browser, which cannot set headers, offers `bearer.<access token>` beside it;
 * that is never chosen and never echoed.
 */
export const SOCKET_PROTOCOL = 'holdfast.v1';
export const SOCKET_TOKEN_PREFIX = 'bearer.';

/** The largest message a client may send, in bytes. */
export const SOCKET_MAX_MESSAGE_BYTES = 16_384;
/** How long a connection may take to authenticate, in milliseconds. */
export const SOCKET_AUTHENTICATION_MS = 5_000;

/** Why the server closes a connection. */
export const SOCKET_CLOSE = {
  /** The server is shutting down: connect again. */
  goingAway: 1_001,
  /** A message was larger than {@link SOCKET_MAX_MESSAGE_BYTES}. */
  tooLarge: 1_009,
  /** The client does not read fast enough: connect again later. */
  slowReader: 1_013,
  /** A message that is not one of {@link SocketClientMessage}. */
  malformed: 4_400,
  /** No token, one that is not valid, or one that expired without a renewal: refresh it and connect again. */
  unauthenticated: 4_401,
  /** The session has been ended: sign in again. The only code that means so. */
  sessionRevoked: 4_403,
  /** No token came within {@link SOCKET_AUTHENTICATION_MS}. */
  authenticationTimeout: 4_408,
  /** More messages than allowed: slow down. */
  tooManyMessages: 4_429,
  /** It cannot be known whether the session is live, since the database is away: connect again later. */
  unavailable: 4_503,
} as const;

const strict = { additionalProperties: false };

/** What a client may send. The first message of a connection that brought no token is `authenticate`. */
export const SocketClientMessage = Type.Union([
  /** A new access token of the same session, at the start or at any time before the former one expires. */
  Type.Object({ type: Type.Literal('authenticate'), token: Token }, strict),
  Type.Object({ type: Type.Literal('ping'), id: Type.Optional(text({ maxLength: 100 })) }, strict),
]);
export type SocketClientMessage = Static<typeof SocketClientMessage>;

/** What a server sends. `ready` answers every `authenticate`; `expiring` asks for another one. */
export const SocketServerMessage = Type.Union([
  Type.Object({ type: Type.Literal('ready'), sessionId: Id, expiresAt: Timestamp }, strict),
  Type.Object({ type: Type.Literal('expiring'), expiresAt: Timestamp }, strict),
  Type.Object({ type: Type.Literal('pong'), id: Type.Optional(Type.String()) }, strict),
]);
export type SocketServerMessage = Static<typeof SocketServerMessage>;
