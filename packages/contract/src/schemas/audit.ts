import Type, { type Static } from 'typebox';
import { choice, Id, nullable, Timestamp } from './text.ts';

/** One thing that somebody did. */
export const AuditEvent = Type.Object(
  {
    id: Id,
    occurredAt: Timestamp,
    actorType: choice(['user', 'system', 'operator', 'anonymous']),
    actorId: nullable(Id),
    action: Type.String({ description: 'Such as `session.started`.' }),
    subjectType: Type.String(),
    subjectId: nullable(Type.String()),
    sessionId: nullable(Id),
    requestId: nullable(Type.String()),
    address: nullable(Type.String()),
    details: Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true }),
  },
  { additionalProperties: false },
);
export type AuditEvent = Static<typeof AuditEvent>;
