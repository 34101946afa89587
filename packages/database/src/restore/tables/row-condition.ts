import { HoldfastError } from '@holdfast/core';
import { type SqlQuery, sql } from '@holdfast/postgres';
import { loadModule, type Node, parseSync } from 'libpg-query';
import { catalogText } from './catalog-text.ts';

await loadModule();

/**
 * A condition on rows, as it stands behind `where`, checked with PostgreSQL's grammar to be one expression and nothing more:
 * a parenthesis or comment in it cannot reach the statement around it. Throws `usage`.
 */
export function rowCondition(text: string): SqlQuery<never> {
  const problem = problemOf(text);
  if (problem === undefined) return sql<never>`(${catalogText(`\n${text}\n`)})`;
  throw new HoldfastError(
    'usage',
    `The condition on rows is not one expression: ${problem}. Give what stands behind WHERE, such as: created_at < '2026-01-01' and status = 'active'`,
  );
}

function problemOf(text: string): string | undefined {
  if (text.trim() === '') return 'it is empty';
  try {
    // twice: alone, an unbalanced parenthesis shows; in its place, so does what only parses as more than one expression
    const alone = whereOf(`select where \n${text}\n`);
    const inPlace = whereOf(`select where (\n${text}\n)`);
    return alone && inPlace ? undefined : 'it contains more than that';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function whereOf(statement: string): boolean {
  const statements: readonly { stmt?: Node }[] = parseSync(statement).stmts ?? [];
  const [only] = statements;
  if (statements.length !== 1 || only?.stmt === undefined || !('SelectStmt' in only.stmt)) return false;
  const extra = Object.entries(only.stmt.SelectStmt).filter(
    ([name]) => !['whereClause', 'limitOption', 'op'].includes(name),
  );
  return extra.length === 0;
}
