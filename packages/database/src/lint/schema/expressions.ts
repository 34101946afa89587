import type { Node } from 'libpg-query';
import { strings } from './names.ts';

/** Calls `visit` for every node of a tree, by the name of its kind. */
export function walk(tree: unknown, visit: (kind: string, node: Record<string, unknown>) => void): void {
  if (Array.isArray(tree)) {
    for (const item of tree) walk(item, visit);
    return;
  }
  if (typeof tree !== 'object' || tree === null) return;
  for (const [key, value] of Object.entries(tree)) {
    if (/^[A-Z]/.test(key) && typeof value === 'object' && value !== null)
      visit(key, value as Record<string, unknown>);
    walk(value, visit);
  }
}

/** The columns that an expression mentions, without their tables. */
export function columnsIn(expression: unknown): string[] {
  const found = new Set<string>();
  walk(expression, (kind, node) => {
    if (kind !== 'ColumnRef') return;
    const name = strings(node.fields as Node[]).at(-1);
    if (name !== undefined) found.add(name);
  });
  return [...found];
}

/** The functions that an expression calls, each as the parts of its name. */
export function callsIn(expression: unknown): string[][] {
  const found: string[][] = [];
  walk(expression, (kind, node) => {
    if (kind === 'FuncCall') found.push(strings(node.funcname as Node[]));
  });
  return found;
}

/** The constants in an expression, as text. */
export function constantsIn(expression: unknown): string[] {
  const found: string[] = [];
  walk(expression, (kind, node) => {
    const text = kind === 'A_Const' ? constantText(node) : undefined;
    if (text !== undefined) found.push(text);
  });
  return found;
}

function constantText(node: Record<string, unknown>): string | undefined {
  const { ival, sval, fval, boolval } = node as {
    ival?: { ival?: number };
    sval?: { sval?: string };
    fval?: { fval?: string };
    boolval?: { boolval?: boolean };
  };
  if (ival !== undefined) return String(ival.ival ?? 0);
  if (sval !== undefined) return sval.sval ?? '';
  if (fval !== undefined) return fval.fval ?? '';
  return boolval === undefined ? undefined : String(boolval.boolval ?? false);
}

/** The text or number of a constant; undefined for any other expression. */
export function constantOf(node: Node | undefined): string | undefined {
  if (node === undefined) return undefined;
  if ('TypeCast' in node) return constantOf(node.TypeCast.arg);
  return 'A_Const' in node ? constantText(node.A_Const as Record<string, unknown>) : undefined;
}

/** Whether a condition holds for every row whatever is in it: `true`, `1 = 1`. */
export function isAlwaysTrue(condition: Node | undefined): boolean {
  if (condition === undefined || constantOf(condition) === 'true') return true;
  if (!('A_Expr' in condition)) return false;
  const { name, lexpr, rexpr } = condition.A_Expr;
  const [operator] = strings(name);
  const [left, right] = [constantOf(lexpr), constantOf(rexpr)];
  return operator === '=' && left !== undefined && left === right;
}

/** The columns that an expression, being true, proves not to be null: `a is not null and b is not null`. */
export function notNullIn(expression: Node | undefined): string[] {
  if (expression === undefined) return [];
  if ('BoolExpr' in expression && expression.BoolExpr.boolop === 'AND_EXPR') {
    return (expression.BoolExpr.args ?? []).flatMap(notNullIn);
  }
  if ('NullTest' in expression && expression.NullTest.nulltesttype === 'IS_NOT_NULL') {
    const { arg } = expression.NullTest;
    return arg !== undefined && 'ColumnRef' in arg ? columnsIn([arg]) : [];
  }
  return [];
}
