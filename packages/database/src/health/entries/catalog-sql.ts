import { type SqlQuery, sql } from '@holdfast/postgres';

/**
 * SQL as PostgreSQL itself wrote it, out of pg_get_expr, pg_get_indexdef or format('%I'): expressions and operators cannot
 * be parameters. Never for text that came from anywhere else.
 */
export function catalogSql(text: string): SqlQuery<never> {
  return sql<never>(Object.assign([text], { raw: [text] }));
}
