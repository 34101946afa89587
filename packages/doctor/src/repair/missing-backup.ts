import type { RepairTools } from './repair-options.ts';

/** Why there are no hands for a backup, as a clause; undefined when there are. */
export function whyNoBackupTool({ backup, whyNoBackup }: RepairTools): string | undefined {
  return backup === undefined ? (whyNoBackup ?? 'no destination is configured') : undefined;
}

/** What is said of a repair that is not begun without its backup, as a clause. */
export function withoutBackupClause(why: string): string {
  return `no backup can be taken before: ${why}; --no-backup goes on without`;
}
