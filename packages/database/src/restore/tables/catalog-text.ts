import { type SqlQuery, sql } from '@holdfast/postgres';

/** SQL as PostgreSQL itself wrote it (an expression, an operator, a type), or text that has been parsed; never input as it came. */
export function catalogText(text: string): SqlQuery<never> {
  return sql<never>(Object.assign([text], { raw: [text] }));
}
