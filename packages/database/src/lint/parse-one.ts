import { hasSqlDetails, type Node, parseSync } from 'libpg-query';

export type ParsedStatement =
  | { readonly kind: 'statement'; readonly node: Node }
  /** `position` counts characters from 1, as the server does. */
  | { readonly kind: 'error'; readonly message: string; readonly position: number }
  | { readonly kind: 'nothing' };

/** Parses one statement with PostgreSQL 18's grammar. The parser's module must have been loaded. */
export function parseOne(text: string): ParsedStatement {
  try {
    const node = parseSync(text).stmts?.[0]?.stmt;
    return node === undefined ? { kind: 'nothing' } : { kind: 'statement', node };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const offset = hasSqlDetails(error) ? (error.sqlDetails?.cursorPosition ?? 0) : 0;
    return { kind: 'error', message: error.message, position: Math.max(0, offset) + 1 };
  }
}
