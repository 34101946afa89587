import Type, { type Static } from 'typebox';
import { Id, nullable, Timestamp } from './text.ts';

/** A login that has not ended. */
export const Session = Type.Object(
  {
    id: Id,
    clientId: Type.String(),
    amr: Type.Array(Type.String(), { description: 'How the person proved who they are (RFC 8176).' }),
    address: nullable(Type.String()),
    userAgent: nullable(Type.String()),
    device: nullable(Type.String({ description: 'Browser and system in words, as far as they are known.' })),
    createdAt: Timestamp,
    lastUsedAt: Timestamp,
    expiresAt: Timestamp,
    current: Type.Boolean({ description: 'Whether it is the session of this very request.' }),
  },
  { additionalProperties: false },
);
export type Session = Static<typeof Session>;

/** Every live session of an account, most recently used first. */
export const SessionList = Type.Object({ items: Type.Array(Session) }, { additionalProperties: false });
export type SessionList = Static<typeof SessionList>;

export const RevokedCount = Type.Object(
  { revoked: Type.Integer({ minimum: 0 }) },
  { additionalProperties: false },
);
export type RevokedCount = Static<typeof RevokedCount>;
