import { type Actor, insertAudit } from '@holdfast/auth/audit';
import { purgePolicies } from '@holdfast/auth/cleanup';
import { formatDuration, type Settings } from '@holdfast/core';
import {
  type CleanupEvent,
  type CleanupOptions,
  type CleanupRun,
  runCleanup,
} from '@holdfast/database/cleanup';
import type { Transaction } from '@holdfast/postgres';

export interface CleanDatabaseOptions extends Omit<CleanupOptions, 'builtIn' | 'record'> {
  readonly settings: Pick<Settings, 'refreshTokenTtl' | 'accessTokenTtl'>;
  /** Who the audit log names. */
  readonly actor: Actor;
}

/** The cleanup with the policies of Holdfast's own tables, on record in the audit log. See {@link runCleanup}. */
export function cleanDatabase({ settings, actor, ...options }: CleanDatabaseOptions): Promise<CleanupRun> {
  return runCleanup({
    ...options,
    builtIn: purgePolicies({ refreshTtlMs: settings.refreshTokenTtl, accessTtlMs: settings.accessTokenTtl }),
    record: (tx, event) => recordCleanup(tx, actor, event),
  });
}

function recordCleanup(
  tx: Transaction,
  actor: Actor,
  { kind, rows, retentions }: CleanupEvent,
): Promise<void> {
  const kept = Object.entries(retentions).filter(([name]) => Object.hasOwn(rows, name));
  return insertAudit(tx, actor, {
    action: `cleanup.${kind}`,
    subjectType: 'database',
    subjectId: null,
    details: { rows, retentions: Object.fromEntries(kept.map(([name, ms]) => [name, formatDuration(ms)])) },
  });
}
