import { type AuditEntry, listAudit } from '@holdfast/auth';
import { type AuditEvent, operations } from '@holdfast/contract';
import { HoldfastError } from '@holdfast/core';
import { decodeCursor, toPage } from '../../operations/cursor.ts';
import { type Implementation, implement } from '../../operations/implementation.ts';
import type { Services } from '../../services.ts';

const DEFAULT_LIMIT = 50;

export function auditRoutes({ pool }: Services): Implementation[] {
  return [
    implement(operations.listAuditEvents, async ({ query }) => {
      const { cursor, from, to, limit = DEFAULT_LIMIT, ...filter } = query;
      const [before] = decodeCursor(cursor, [isPosition]) ?? [];
      const rows = await listAudit(pool, {
        ...filter,
        from: timeOf('from', from),
        to: timeOf('to', to),
        before: before === undefined ? undefined : Number(before),
        limit: limit + 1,
      });
      return toPage(rows, limit, presentEvent, ({ position }) => [String(position)]);
    }),
  ];
}

function presentEvent({ position: _, ...entry }: AuditEntry): AuditEvent {
  return { ...entry, occurredAt: entry.occurredAt.toISOString() };
}

function isPosition(text: string): boolean {
  return /^\d{1,15}$/.test(text);
}

function isTime(text: string): boolean {
  return !Number.isNaN(Date.parse(text));
}

/** RFC 3339 allows a leap second, which JavaScript has no time for. */
function timeOf(name: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  if (isTime(text)) return new Date(text);
  const errors = [{ path: `/query/${name}`, message: 'is not a time that can be used' }];
  throw new HoldfastError('validation_failed', `/query/${name} is not a time that can be used.`, {
    details: { errors },
  });
}
