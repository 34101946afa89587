import { documentError } from './document-error.ts';
import type { DocumentFile, Target } from './document-file.ts';
import { pointerFragment, pointerParts, valueAt } from './json-pointer.ts';
import { isObject, type JsonObject } from './json-value.ts';

/** A value of a document and where it is. */
export interface Located {
  readonly file: DocumentFile;
  readonly path: readonly string[];
  readonly value: unknown;
}

/** Follows the references of all files of a document. */
export interface References {
  /** What an object refers to; undefined when it refers to nothing. */
  follow(node: JsonObject): Located | undefined;
  /** Follows references until there is something else. @throws `openapi_unusable` when they go round in a circle. */
  settle(start: Located): Located;
  /** The address of a value, `key#/pointer`. */
  address(located: Located): string;
  /** The value at an address. */
  find(address: string): Located | undefined;
  /** @throws `openapi_unusable` with the place of the first reference to nothing. */
  assertAll(): void;
}

export function createReferences(files: readonly DocumentFile[]): References {
  const targets = new Map<object, Target>(files.flatMap(({ targetOf }) => [...targetOf]));
  const follow = (node: JsonObject): Located | undefined => {
    const target = targets.get(node);
    return target === undefined ? undefined : locate(files, target);
  };
  return {
    follow,
    settle: start => {
      const seen = new Set<unknown>();
      let at = start;
      for (;;) {
        const next = isObject(at.value) ? follow(at.value) : undefined;
        if (next === undefined) return at;
        if (seen.has(next.value)) throw circle(targets.get(at.value as object));
        seen.add(next.value);
        at = next;
      }
    },
    address: ({ file, path }) => `${file.key}${pointerFragment(path)}`,
    find: address => {
      const [key = '', fragment = ''] = address.split('#', 2);
      const file = files.find(item => item.key === key);
      const path = pointerParts(fragment);
      return file === undefined || path === undefined
        ? undefined
        : { file, path, value: valueAt(file.value, path) };
    },
    assertAll: () => {
      for (const target of files.flatMap(file => file.targets)) locate(files, target);
    },
  };
}

function circle(target: Target | undefined): Error {
  return documentError(target?.place ?? '$ref', `${target?.text} refers to itself and to nothing else`);
}

function locate(files: readonly DocumentFile[], target: Target): Located {
  const { uri, fragment } = target;
  const parts = pointerParts(fragment);
  for (const file of files) {
    const start = parts === undefined ? file.anchors.get(`${uri}${fragment}`) : file.ids.get(uri);
    if (start === undefined) continue;
    const path = [...start, ...(parts ?? [])];
    const value = valueAt(file.value, path);
    if (value !== undefined) return { file, path, value };
  }
  throw documentError(target.place, `refers to ${target.text}, which does not exist`);
}
