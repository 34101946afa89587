import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { displayName, documentError } from './document-error.ts';
import { type DocumentFile, indexFile } from './document-file.ts';
import { isObject } from './json-value.ts';
import { parseText } from './parse-text.ts';
import { readText } from './read-text.ts';
import { createReferences, type References } from './references.ts';

export type OpenApiVersion = '3.0' | '3.1';

/** An OpenAPI document with every file that it refers to. */
export interface LoadedDocument {
  readonly uri: string;
  readonly version: OpenApiVersion;
  readonly root: DocumentFile;
  /** The root first. */
  readonly files: readonly DocumentFile[];
  readonly references: References;
}

export interface LoadOptions {
  /** What relative file names are relative to. */
  readonly cwd?: string;
  readonly signal?: AbortSignal;
  /** How a text is read; by default from files and over HTTP. */
  readonly read?: (uri: string, signal?: AbortSignal) => Promise<string>;
}

const MAX_FILES = 500;

/**
 * Loads an OpenAPI 3.0 or 3.1 document from a file name or URL, in JSON or YAML, and all files that it refers to.
 * A document that came over HTTP may not refer to files of this machine.
 * @throws `openapi_unusable`, which begins with the place of the mistake.
 */
export async function loadDocument(source: string, options: LoadOptions = {}): Promise<LoadedDocument> {
  const { cwd = process.cwd(), signal, read = readText } = options;
  const uri = /^(https?|file):/i.test(source)
    ? new URL(source).href
    : pathToFileURL(resolve(cwd, source)).href;
  const files: DocumentFile[] = [];
  const pending = [uri];
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    if (files.some(file => file.uri === next)) continue;
    if (files.length >= MAX_FILES) throw documentError(displayName(uri), `refers to over ${MAX_FILES} files`);
    const file = indexFile(parseText(await read(next, signal), next), next, files.length);
    files.push(file);
    pending.push(...neededFiles(file, files));
  }
  const [root] = files;
  if (root === undefined) throw documentError(displayName(uri), 'is empty');
  const version = versionOf(root);
  const references = createReferences(files);
  references.assertAll();
  return { uri, version, root, files, references };
}

function neededFiles(file: DocumentFile, files: readonly DocumentFile[]): string[] {
  const named = new Set(files.flatMap(({ ids }) => [...ids.keys()]));
  const targets = file.targets.map(target => target.uri).filter(target => !named.has(target));
  const forbidden = file.targets.find(({ uri }) => uri.startsWith('file:') && !file.uri.startsWith('file:'));
  if (forbidden !== undefined) {
    throw documentError(
      forbidden.place,
      `refers to ${forbidden.text}, a file of this machine; that is not followed`,
    );
  }
  return targets.filter(target => /^(https?|file):/.test(target));
}

function versionOf(root: DocumentFile): OpenApiVersion {
  const name = displayName(root.uri);
  if (!isObject(root.value)) throw documentError(name, 'is no OpenAPI document: it holds no object');
  const { openapi, swagger } = root.value;
  if (swagger !== undefined) {
    throw documentError(
      `${name}#/swagger`,
      `OpenAPI ${String(swagger)} is too old; convert it to 3.0 or 3.1`,
    );
  }
  const found = /^3\.([01])(\.|$)/.exec(String(openapi))?.[1];
  if (found === undefined) {
    const problem =
      openapi === undefined
        ? 'is missing: this is no OpenAPI document'
        : `"${String(openapi)}" is not 3.0 or 3.1`;
    throw documentError(`${name}#/openapi`, problem);
  }
  return found === '0' ? '3.0' : '3.1';
}
