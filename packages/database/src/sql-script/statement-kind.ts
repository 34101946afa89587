import type { Statement } from './split-statements.ts';

/**
 * How a statement relates to transactions, which decides how it is run and what a crash during it leaves behind.
 * - `transactional`: can share a transaction with the ledger, so it happened or it did not.
 * - `session`: the same, and its effect ends with the session, so a resumed run needs it again.
 * - `begin`, `commit`, `rollback`: the script's own transaction; `savepoint` lives inside one.
 * - `create_index_concurrently`, `drop_index_concurrently`: refuse a transaction; the catalog tells afterwards how far they got.
 * - `repeatable`: refuses a transaction; doing it twice is doing it once.
 * - `opaque`: may refuse a transaction or end it, and nothing tells afterwards whether it took effect.
 * - `copy_from_client`, `discard`: cannot be run by a migration at all.
 */
export type StatementKind =
  | 'transactional'
  | 'session'
  | 'begin'
  | 'commit'
  | 'rollback'
  | 'savepoint'
  | 'create_index_concurrently'
  | 'drop_index_concurrently'
  | 'repeatable'
  | 'opaque'
  | 'copy_from_client'
  | 'discard';

type Rule = readonly [pattern: RegExp, kind: StatementKind];

// matched in order against the statement's first words, joined by spaces
const RULES: readonly Rule[] = [
  [/^(commit|rollback) prepared\b/, 'opaque'],
  [/^rollback (work |transaction )?to\b/, 'savepoint'],
  [/^(savepoint|release)\b/, 'savepoint'],
  [/^(begin|start transaction)\b/, 'begin'],
  [/^(commit|end|prepare transaction)\b/, 'commit'],
  [/^(rollback|abort)\b/, 'rollback'],
  [/^create (unique )?index concurrently\b/, 'create_index_concurrently'],
  [/^drop index concurrently\b/, 'drop_index_concurrently'],
  [/^(vacuum|reindex|cluster|alter system)\b/, 'repeatable'],
  [/^(create|drop|alter) (database|tablespace|subscription)\b/, 'opaque'],
  [/^call\b/, 'opaque'],
  [/^discard\b/, 'discard'],
  [/^set (local|transaction|constraints)\b/, 'transactional'],
  [/^(set|reset)\b/, 'session'],
];

/** @see StatementKind */
export function statementKind({ words, text }: Pick<Statement, 'words' | 'text'>): StatementKind {
  const start = words.join(' ');
  const rule = RULES.find(([pattern]) => pattern.test(start));
  if (rule !== undefined) return rule[1];
  // a block that never names them cannot end the transaction around it
  if (words[0] === 'do') return /\b(commit|rollback|call)\b/i.test(text) ? 'opaque' : 'transactional';
  if (words[0] === 'copy') return /\bfrom\s+stdin\b/i.test(text) ? 'copy_from_client' : 'transactional';
  if (/^alter table\b/.test(start) && /\bdetach\s+partition\b[\s\S]*\bconcurrently\b/i.test(text)) {
    return 'opaque';
  }
  return 'transactional';
}

/** Whether PostgreSQL refuses the statement inside any transaction block, whatever its effect. */
export function refusesTransaction(statement: Pick<Statement, 'words' | 'text'>): boolean {
  const kind = statementKind(statement);
  if (kind === 'create_index_concurrently' || kind === 'drop_index_concurrently') return true;
  const start = statement.words.join(' ');
  return /^(vacuum|alter system|reindex .*\bconcurrently|(create|drop) (database|tablespace))\b/.test(start);
}
