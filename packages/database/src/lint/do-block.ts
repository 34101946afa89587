import { type DoStmt, type Node, parsePlPgSQLSync } from 'libpg-query';
import { parseOne } from './parse-one.ts';
import { constantOf, walk } from './schema/expressions.ts';

/** A statement inside of a block; `line` counts from 1, within the statement that the block is. */
export interface InnerStatement {
  readonly text: string;
  readonly line: number;
}

export interface DoBlock {
  readonly statements: readonly InnerStatement[];
  /** What cannot be seen: why, and on which line. */
  readonly hidden: readonly { readonly line: number; readonly why: string }[];
}

/** Looks into DO: static statements, and dynamic ones whose text is a constant. */
export function readDoBlock(text: string, { args }: DoStmt): DoBlock {
  const option = (name: string): { value: string; location: number } | undefined => {
    for (const node of args ?? []) {
      if (!('DefElem' in node) || node.DefElem.defname !== name) continue;
      const { arg, location = 0 } = node.DefElem;
      if (arg !== undefined && 'String' in arg) return { value: arg.String.sval ?? '', location };
    }
    return undefined;
  };
  const language = option('language')?.value ?? 'plpgsql';
  const body = option('as');
  if (language !== 'plpgsql' || body === undefined) {
    return { statements: [], hidden: [{ line: 1, why: `it is written in ${language}` }] };
  }
  const firstLine = Buffer.from(text).subarray(0, body.location).toString().split('\n').length;
  try {
    return collect(parsePlPgSQLSync(text), firstLine);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { statements: [], hidden: [{ line: 1, why: `PL/pgSQL's parser says: ${why}` }] };
  }
}

function collect(tree: unknown, firstLine: number): DoBlock {
  const statements: InnerStatement[] = [];
  const hidden: { line: number; why: string }[] = [];
  walk(tree, (kind, node) => {
    const { lineno = 1 } = node as { lineno?: number };
    const line = firstLine + lineno - 1;
    if (kind === 'PLpgSQL_stmt_execsql') statements.push({ text: queryOf(node.sqlstmt), line });
    if (kind === 'PLpgSQL_stmt_perform' || kind === 'PLpgSQL_stmt_call') {
      statements.push({ text: queryOf(node.expr), line });
    }
    if (kind !== 'PLpgSQL_stmt_dynexecute' && kind !== 'PLpgSQL_stmt_dynfors') return;
    const constant = constantText(queryOf(node.query));
    if (constant === undefined)
      hidden.push({ line, why: 'EXECUTE runs a text that is put together at that moment' });
    else statements.push({ text: constant, line });
  });
  return { statements, hidden };
}

function queryOf(expression: unknown): string {
  const { PLpgSQL_expr: found } = (expression ?? {}) as { PLpgSQL_expr?: { query?: string } };
  return found?.query ?? '';
}

function constantText(expression: string): string | undefined {
  const parsed = parseOne(`select ${expression}`);
  if (parsed.kind !== 'statement' || !('SelectStmt' in parsed.node)) return undefined;
  const target: Node | undefined = parsed.node.SelectStmt.targetList?.[0];
  return target !== undefined && 'ResTarget' in target ? constantOf(target.ResTarget.val) : undefined;
}
