import { type SqlQuery, sql } from '@holdfast/postgres';

/** A statement of a plan, which was written by PostgreSQL, by the drift planner or with {@link quoteName}. */
export function statement(text: string): SqlQuery<Record<string, unknown>> {
  return sql(Object.assign([text], { raw: [text] }));
}

/** An identifier of one or more names as SQL writes it. */
export function quoteName(...names: readonly [string, ...string[]]): string {
  return sql.id(...names).text;
}

export function quoteText(text: string): string {
  return sql.literal(text).text.trim();
}
