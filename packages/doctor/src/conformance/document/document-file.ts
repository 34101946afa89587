import { displayPlace, documentError } from './document-error.ts';
import type { JsonObject } from './json-value.ts';
import { visitNodes } from './walk.ts';

/** Where a `$ref` points. */
export interface Target {
  /** Without a fragment. */
  readonly uri: string;
  /** With its `#`, or empty. */
  readonly fragment: string;
  /** As it is written. */
  readonly text: string;
  /** Where it is written. */
  readonly place: string;
}

/** One parsed file of a document. */
export interface DocumentFile {
  readonly uri: string;
  /** A short URI of our own that is safe in every URI library. */
  readonly key: string;
  readonly value: unknown;
  /** Paths of the schemas by their `$id`. */
  readonly ids: ReadonlyMap<string, readonly string[]>;
  /** Paths of the schemas by `uri#anchor`. */
  readonly anchors: ReadonlyMap<string, readonly string[]>;
  readonly targets: readonly Target[];
  /** What each object with a `$ref` points to. */
  readonly targetOf: ReadonlyMap<object, Target>;
}

/** Finds the references of a file and what others can refer to. @throws `openapi_unusable` for a `$ref` that is no URI. */
export function indexFile(value: unknown, uri: string, index: number): DocumentFile {
  const ids = new Map<string, readonly string[]>([[uri, []]]);
  const anchors = new Map<string, readonly string[]>();
  const targetOf = new Map<object, Target>();
  const bases: { readonly path: readonly string[]; readonly base: string }[] = [{ path: [], base: uri }];
  visitNodes(value, (node, path) => {
    const base = enclosing(bases, path);
    const own = identify(node, base);
    if (own !== undefined) {
      ids.set(own, path);
      bases.push({ path, base: own });
    }
    for (const key of ['$anchor', '$dynamicAnchor']) {
      const anchor = node[key];
      if (typeof anchor === 'string') anchors.set(`${own ?? base}#${anchor}`, path);
    }
    const target = targetOfNode(node, own ?? base, displayPlace(uri, path));
    if (target !== undefined) targetOf.set(node, target);
  });
  const targets = [...targetOf.values()];
  return { uri, key: `https://document.invalid/${index}`, value, ids, anchors, targets, targetOf };
}

function enclosing(
  bases: readonly { readonly path: readonly string[]; readonly base: string }[],
  path: readonly string[],
): string {
  const around = bases.filter(item => item.path.every((part, index) => path[index] === part));
  return around.toSorted((a, b) => b.path.length - a.path.length)[0]?.base ?? '';
}

function identify({ $id }: JsonObject, base: string): string | undefined {
  if (typeof $id !== 'string' || !URL.canParse($id, base)) return undefined;
  return new URL($id, base).href.replace(/#$/, '');
}

function targetOfNode(node: JsonObject, base: string, place: string): Target | undefined {
  const text = node.$ref ?? node.$dynamicRef;
  if (text === undefined) return undefined;
  if (typeof text !== 'string' || !URL.canParse(text, base)) {
    throw documentError(`${place}/$ref`, `${JSON.stringify(text)} is no reference`);
  }
  const url = new URL(text, base);
  const fragment = url.hash;
  url.hash = '';
  return { uri: url.href, fragment, text, place: `${place}/$ref` };
}
