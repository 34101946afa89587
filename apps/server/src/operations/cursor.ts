import { HoldfastError } from '@holdfast/core';

/** A cursor that says where the next page begins. Opaque to clients. */
export function encodeCursor(position: readonly string[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/**
 * The position in a cursor; undefined when there is no cursor.
 * @throws HoldfastError `invalid_cursor` for what this API did not issue for such a list.
 */
export function decodeCursor<const Checks extends readonly ((part: string) => boolean)[]>(
  cursor: string | undefined,
  checks: Checks,
): { readonly [K in keyof Checks]: string } | undefined {
  if (cursor === undefined) return undefined;
  const position = parse(cursor);
  const fits =
    position.length === checks.length && checks.every((check, index) => check(position[index] ?? ''));
  if (!fits) throw invalid();
  return position as { readonly [K in keyof Checks]: string };
}

function parse(cursor: string): readonly string[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(value) && value.every(part => typeof part === 'string')) return value;
  } catch {
    // falls through: what is no JSON is no cursor
  }
  throw invalid();
}

function invalid(): HoldfastError {
  return new HoldfastError('invalid_cursor', 'The cursor is not one of this list. Begin again without one.');
}

/** A page out of one row more than it holds. */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  present: (row: Row) => Item,
  position: (row: Row) => readonly string[],
): { items: Item[]; nextCursor: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const nextCursor = rows.length > limit && last !== undefined ? encodeCursor(position(last)) : null;
  return { items: shown.map(present), nextCursor };
}
