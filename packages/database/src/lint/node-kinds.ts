import type { Node } from 'libpg-query';

type KindOf<N> = N extends unknown ? keyof N : never;

/** The kinds of nodes in a parse tree, such as `CreateStmt`. */
export type NodeKind = KindOf<Node>;

export type NodeOf<K extends NodeKind> =
  Extract<Node, Record<K, unknown>> extends Record<K, infer T> ? T : never;

/** One function for each kind of node that matters. */
export type Handlers<A extends readonly unknown[], R> = {
  readonly [K in NodeKind]?: (node: NodeOf<K>, ...rest: A) => R;
};

/** Calls the function for the kind of the node; undefined when there is none. */
export function dispatch<A extends readonly unknown[], R>(
  handlers: Handlers<A, R>,
  node: Node,
  ...rest: A
): R | undefined {
  const [entry] = Object.entries(node);
  if (entry === undefined) return undefined;
  const handler = handlers[entry[0] as NodeKind] as ((node: unknown, ...rest: A) => R) | undefined;
  return handler?.(entry[1], ...rest);
}
