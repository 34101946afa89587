import { operations } from '@holdfast/contract';
import { foldPath } from './fold-path.ts';

/** The template of a path. */
export type RouteMatcher = (path: string) => string;

interface Node {
  readonly words: Map<string, Node>;
  parameter: Node | undefined;
  template: string | undefined;
}

const newNode = (): Node => ({ words: new Map(), parameter: undefined, template: undefined });

/**
 * Matches paths against the templates of an OpenAPI document (`/users/{id}`), a word before a parameter; what none of
 * them matches is folded. Base paths of the document's servers belong to the templates.
 */
export function createRouteMatcher(templates: readonly string[] = []): RouteMatcher {
  if (templates.length === 0) return foldPath;
  const root = newNode();
  for (const template of templates) {
    let node = root;
    for (const segment of segmentsOf(template)) node = childOf(node, segment);
    node.template = template;
  }
  return path => find(root, segmentsOf(path), 0) ?? foldPath(path);
}

const segmentsOf = (path: string): string[] => path.split('/').filter(segment => segment !== '');

function childOf(node: Node, segment: string): Node {
  if (segment.includes('{') || segment.startsWith(':')) {
    node.parameter ??= newNode();
    return node.parameter;
  }
  const child = node.words.get(segment) ?? newNode();
  node.words.set(segment, child);
  return child;
}

function find(node: Node, segments: readonly string[], at: number): string | undefined {
  const segment = segments[at];
  if (segment === undefined) return node.template;
  const word = node.words.get(segment);
  const exact = word === undefined ? undefined : find(word, segments, at + 1);
  if (exact !== undefined || node.parameter === undefined) return exact;
  return find(node.parameter, segments, at + 1);
}

interface OpenApi {
  readonly paths?: Readonly<Record<string, unknown>>;
  readonly servers?: readonly { readonly url?: string }[];
}

/** The path templates of an OpenAPI 3 document, under the base path of its first server. Empty when it has none. */
export function templatesOf(document: unknown): readonly string[] {
  const { paths, servers } = (document ?? {}) as OpenApi;
  const server = servers?.[0]?.url ?? '';
  const base = server.replace(/^[a-z]+:\/\/[^/]*/i, '').replace(/\/$/, '');
  return Object.keys(paths ?? {}).map(path => `${base}${path}`);
}

/** The path templates of Holdfast's own API. */
export function holdfastRoutes(): readonly string[] {
  return [...new Set(Object.values(operations).map(({ path }) => path))];
}
