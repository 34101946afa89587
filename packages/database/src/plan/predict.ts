import type { LockMode } from '../lint/finding.ts';
import { blockedBy } from '../lint/finding.ts';
import { parseCreateIndex } from '../migrate/index-statement.ts';
import type { Statement } from '../sql-script/split-statements.ts';
import { refusesTransaction, statementKind } from '../sql-script/statement-kind.ts';
import type { PlannedLock } from './plan.ts';

export interface Prediction {
  readonly reason: string;
  readonly locks: readonly PlannedLock[];
}

const OUTSIDE = 'cannot run inside a transaction';
const WAITS = 'it waits for the transactions that are open, and reads and writes go on';

/** What is known of a statement that the dry run cannot try; undefined for one that it can. */
export function predict(statement: Statement): Prediction | undefined {
  const kind = statementKind(statement);
  const { text } = statement;
  if (kind === 'create_index_concurrently') {
    const table = parseCreateIndex(statement)?.table;
    const reason = `${OUTSIDE}; it reads the table twice under SHARE UPDATE EXCLUSIVE; ${WAITS}`;
    return { reason, locks: table === undefined ? [] : [lock(table, 'SHARE UPDATE EXCLUSIVE')] };
  }
  if (kind === 'drop_index_concurrently') {
    return { reason: `${OUTSIDE}; SHARE UPDATE EXCLUSIVE on the table; ${WAITS}`, locks: [] };
  }
  if (/\bdetach\s+partition\b[\s\S]*\bconcurrently\b/i.test(text)) {
    return {
      reason: `${OUTSIDE}; SHARE UPDATE EXCLUSIVE on the parent, ACCESS EXCLUSIVE on the partition at its end; ${WAITS}`,
      locks: [],
    };
  }
  if (kind === 'repeatable' && refusesTransaction(statement)) return { reason: repeatable(text), locks: [] };
  if (kind === 'opaque')
    return { reason: 'may refuse a transaction or end it, and what it does is not known', locks: [] };
  return refusesTransaction(statement) ? { reason: OUTSIDE, locks: [] } : undefined;
}

function repeatable(text: string): string {
  if (/^vacuum\b[^;]*\bfull\b/i.test(text)) {
    return `${OUTSIDE}; it writes the table anew under ACCESS EXCLUSIVE: reads and writes wait until that is done`;
  }
  if (/^reindex\b/i.test(text)) {
    return `${OUTSIDE}; it builds the indexes anew beside, under SHARE UPDATE EXCLUSIVE; ${WAITS}`;
  }
  return /^vacuum\b/i.test(text)
    ? `${OUTSIDE}; SHARE UPDATE EXCLUSIVE on the table; reads and writes go on`
    : OUTSIDE;
}

function lock(relation: string, mode: LockMode): PlannedLock {
  return { relation, mode, blocks: blockedBy(mode) };
}
