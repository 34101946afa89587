import Type from 'typebox';
import { operation } from '../operation.ts';
import { AuditEvent } from '../schemas/audit.ts';
import { pageOf, pageQuery } from '../schemas/page.ts';
import { Id, Timestamp, text } from '../schemas/text.ts';

const auditQuery = Type.Object(
  {
    ...pageQuery,
    actorId: Type.Optional(Id),
    action: Type.Optional(
      Type.String({
        maxLength: 100,
        pattern: '^[a-z_]+(\\.[a-z_]+)*(\\.\\*)?$',
        description: 'Exactly, or all that begin alike: `user.*`.',
      }),
    ),
    subjectType: Type.Optional(text({ minLength: 1, maxLength: 100 })),
    subjectId: Type.Optional(text({ minLength: 1, maxLength: 200 })),
    requestId: Type.Optional(text({ minLength: 1, maxLength: 200 })),
    from: Type.Optional(Timestamp),
    to: Type.Optional(Timestamp),
  },
  { additionalProperties: false },
);

export const auditOperations = {
  listAuditEvents: operation({
    operationId: 'listAuditEvents',
    method: 'GET',
    path: '/api/v1/admin/audit',
    summary: 'Query the audit log, newest first',
    description: '`from` is inclusive, `to` is not.',
    tags: ['audit'],
    access: 'permission',
    permission: 'audit:read',
    query: auditQuery,
    responses: { 200: pageOf(AuditEvent) },
    errors: ['invalid_cursor'],
  }),
};
