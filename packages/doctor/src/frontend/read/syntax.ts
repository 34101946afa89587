import {
  type ArrowFunctionExpression,
  type Class,
  type Function as FunctionSyntax,
  type MethodDefinition,
  type Node,
  visitorKeys,
} from 'oxc-parser';

export type SyntaxNode = Node;
export type CallNode = Extract<Node, { type: 'CallExpression' | 'NewExpression' }>;
export type FunctionNode = FunctionSyntax | ArrowFunctionExpression;
export type ClassNode = Class;
export type MethodNode = MethodDefinition;

/** Calls `visit` with each child in the order of the source, without making a list of them. */
export function forEachChild(node: SyntaxNode, visit: (child: SyntaxNode) => void): void {
  const fields = node as unknown as Record<string, unknown>;
  for (const key of visitorKeys[node.type] ?? []) {
    const value = fields[key];
    if (Array.isArray(value)) {
      for (const item of value) if (item !== null) visit(item as SyntaxNode);
    } else if (value !== null && value !== undefined) visit(value as SyntaxNode);
  }
}

/** Whether the node or anything inside it satisfies `test`; functions inside are entered only when told to. */
export function contains(
  node: SyntaxNode | null | undefined,
  test: (node: SyntaxNode) => boolean,
  intoFunctions = true,
): boolean {
  if (node === null || node === undefined) return false;
  if (test(node)) return true;
  let found = false;
  forEachChild(node, child => {
    if (found || (!intoFunctions && isFunction(child))) return;
    found = contains(child, test, intoFunctions);
  });
  return found;
}

export function isFunction(node: SyntaxNode): node is FunctionNode {
  return (
    node.type === 'FunctionDeclaration' ||
    node.type === 'FunctionExpression' ||
    node.type === 'ArrowFunctionExpression'
  );
}

/** Without what stands around an expression and leaves its value alone: parentheses, casts, `!`, `await`. */
export function bare(node: SyntaxNode): SyntaxNode {
  switch (node.type) {
    case 'ParenthesizedExpression':
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'TSTypeAssertion':
    case 'TSNonNullExpression':
    case 'TSInstantiationExpression':
    case 'ChainExpression':
      return bare(node.expression);
    case 'AwaitExpression':
      return bare(node.argument);
    default:
      return node;
  }
}

/** The name of a member that is known without running the program. */
export function memberName(node: SyntaxNode): string | undefined {
  if (node.type !== 'MemberExpression') return undefined;
  const { property } = node;
  if (property.type === 'PrivateIdentifier') return `#${property.name}`;
  if (!node.computed) return 'name' in property ? (property.name as string) : undefined;
  return property.type === 'Literal' && typeof property.value === 'string' ? property.value : undefined;
}

/** The name of a key in an object, a class or a pattern. */
export function keyName(key: SyntaxNode, computed: boolean): string | undefined {
  if (key.type === 'PrivateIdentifier') return `#${key.name}`;
  if (!computed && key.type === 'Identifier') return key.name;
  return key.type === 'Literal' && key.value !== null ? String(key.value) : undefined;
}

/** `a.b.c` as written, with `?.` as `.`; undefined for anything that is not a chain of names. */
export function chainText(input: SyntaxNode): string | undefined {
  const node = bare(input);
  if (node.type === 'Identifier') return node.name;
  if (node.type === 'ThisExpression') return 'this';
  if (node.type === 'MetaProperty') return 'import.meta';
  const name = memberName(node);
  if (node.type !== 'MemberExpression' || name === undefined) return undefined;
  const object = chainText(node.object);
  return object === undefined ? undefined : `${object}.${name}`;
}

/** The last name of what is called: `logout` for `auth.logout()`. */
export function calleeName(node: SyntaxNode): string | undefined {
  if (node.type !== 'CallExpression' && node.type !== 'NewExpression') return undefined;
  const callee = bare(node.callee);
  return callee.type === 'Identifier' ? callee.name : memberName(callee);
}
