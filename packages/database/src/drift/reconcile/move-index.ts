import { quoteName, quotePath } from './quote.ts';
import type { Step } from './step.ts';

interface IndexPlace {
  /** Schema and name. */
  readonly path: readonly string[];
  /** Null: the default one of the database. */
  readonly tablespace: string | null;
  /** `empty`: it has no rows, or none of its own as over a partitioned table; `locked`: REINDEX CONCURRENTLY cannot build it. */
  readonly kind: 'empty' | 'locked' | 'in use';
}

/** Puts an index into a tablespace, while it is in use where that is possible (manual, REINDEX). */
export function moveIndex({ path, tablespace, kind }: IndexPlace): Step {
  const [name, place] = [quotePath(path), quoteName(tablespace ?? 'pg_default')];
  if (kind === 'in use') {
    return { sql: `reindex (concurrently, tablespace ${place}) index ${name}`, alone: true };
  }
  const sql = `alter index ${name} set tablespace ${place}`;
  if (kind === 'empty') return { sql };
  return { sql, allow: ['rewrite-table', 'its index lies in another tablespace'] };
}
