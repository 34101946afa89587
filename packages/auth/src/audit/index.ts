export { type Actor, SYSTEM_ACTOR } from './actor.ts';
export {
  type AuditEntry,
  type AuditEvent,
  type AuditFilter,
  auditRowsFrom,
  insertAudit,
  listAudit,
} from './audit-queries.ts';
