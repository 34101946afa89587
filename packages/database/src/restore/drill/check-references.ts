import { errorMessage, isHoldfastError } from '@holdfast/core';
import type { Queryable } from '@holdfast/postgres';
import type { BackupProblem } from '../../backup/manifest.ts';
import { listForeignKeys } from '../../health/entries/constraints/foreign-key-queries.ts';
import { countOrphans } from '../../health/entries/constraints/orphan-query.ts';
import type { ServerFacts } from './integrity-queries.ts';

/** Counts the rows whose parent is missing, for every foreign key that is valid: one that is not was never promised. */
export async function checkReferences(db: Queryable, facts: ServerFacts): Promise<BackupProblem[]> {
  const keys = (await listForeignKeys(db, facts.schemas, facts.version)).filter(({ validated }) => validated);
  const problems: BackupProblem[] = [];
  for (const key of keys) {
    const subject = `${key.child} ${key.name}`;
    try {
      const { counts } = await db.one(countOrphans(key, { percent: 100, seed: 0 }));
      const orphans = Number(counts[0] ?? 0);
      if (orphans === 0) continue;
      const rows = orphans === 1 ? '1 row refers to a row' : `${orphans} rows refer to rows`;
      problems.push({
        code: 'orphans',
        subject,
        message: `${rows} of ${key.parent} that ${orphans === 1 ? 'is' : 'are'} not there`,
      });
    } catch (error) {
      if (isHoldfastError(error, 'database_unavailable', 'database_timeout')) throw error;
      problems.push({ code: 'unreadable_table', subject, message: errorMessage(error) });
    }
  }
  return problems;
}
