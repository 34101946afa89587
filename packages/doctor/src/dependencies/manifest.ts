import { readFile } from 'node:fs/promises';
import { errorMessage, HoldfastError } from '@holdfast/core';

export const DEPENDENCY_FIELDS = ['dependencies', 'devDependencies', 'optionalDependencies'] as const;
export type DependencyField = (typeof DEPENDENCY_FIELDS)[number];

type Ranges = Readonly<Record<string, string>>;

/** What of a package.json matters here. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies: Ranges;
  readonly devDependencies: Ranges;
  readonly optionalDependencies: Ranges;
  readonly peerDependencies: Ranges;
  /** Peers that need not be there. */
  readonly optionalPeers: readonly string[];
  /** The range of Node versions; undefined when none is asked for. */
  readonly node: string | undefined;
  readonly workspaces: readonly string[];
  readonly packageManager: string | undefined;
  /** Names that overrides or resolutions speak of, at any depth. */
  readonly overridden: readonly string[];
  readonly scripts: Readonly<Record<string, string>>;
  readonly binaries: readonly string[];
}

/**
 * Reads a package.json. Fields of a wrong type count as absent.
 * @throws HoldfastError `usage` when it is there but is no JSON object; undefined when it is not there.
 */
export async function readManifest(path: string): Promise<Manifest | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw new HoldfastError('usage', `${path} cannot be read: ${errorMessage(cause)}.`, { cause });
  }
  return toManifest(parseObject(text, path));
}

/** The JSON object in a text. @throws HoldfastError `usage` naming the file. */
export function parseObject(text: string, path: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text.replace(/^\ufeff/, ''));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch (cause) {
    throw new HoldfastError('usage', `${path} is not valid JSON: ${errorMessage(cause)}.`, { cause });
  }
  throw new HoldfastError('usage', `${path} holds no JSON object.`);
}

/** From the fields of a package.json, or of an entry of npm's lock file, which has the same names. */
export function toManifest(fields: Readonly<Record<string, unknown>>): Manifest {
  const peersMeta = objectOf(fields.peerDependenciesMeta);
  return {
    name: textOf(fields.name) ?? '',
    version: textOf(fields.version) ?? '',
    dependencies: textsOf(fields.dependencies),
    devDependencies: textsOf(fields.devDependencies),
    optionalDependencies: textsOf(fields.optionalDependencies),
    peerDependencies: textsOf(fields.peerDependencies),
    optionalPeers: Object.keys(peersMeta).filter(name => objectOf(peersMeta[name]).optional === true),
    node: textOf(objectOf(fields.engines).node),
    workspaces: workspacesOf(fields.workspaces),
    packageManager: textOf(fields.packageManager),
    overridden: [...namesIn(fields.overrides), ...namesIn(fields.resolutions)],
    scripts: textsOf(fields.scripts),
    binaries: binariesOf(fields),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function textsOf(value: unknown): Ranges {
  const entries = Object.entries(objectOf(value));
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function workspacesOf(value: unknown): string[] {
  const list = Array.isArray(value) ? value : objectOf(value).packages;
  return Array.isArray(list) ? list.filter(item => typeof item === 'string') : [];
}

/** `foo`, `foo@1`, `**\/foo` and `foo/bar` all speak of names. */
function namesIn(value: unknown): string[] {
  return Object.entries(objectOf(value)).flatMap(([key, inner]) => {
    const own = key.match(/(?:@[\w.-]+\/)?[\w.-]+/g) ?? [];
    return [...own, ...namesIn(inner)];
  });
}

function binariesOf(fields: Readonly<Record<string, unknown>>): string[] {
  if (typeof fields.bin !== 'string') return Object.keys(objectOf(fields.bin));
  return [(textOf(fields.name) ?? '').split('/').at(-1) ?? ''];
}
