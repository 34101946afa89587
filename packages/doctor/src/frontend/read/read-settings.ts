import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { parseEnv } from 'node:util';
import type { AliasRule, ResolveSettings, WorkspacePackage } from './resolve-import.ts';

/** What the settings files of a tree say. */
export interface TreeSettings extends Omit<ResolveSettings, 'files'> {
  /** Variables that a build for production finds in `.env` files, by name. */
  readonly variables: ReadonlyMap<string, string>;
  /** Whether the tree has any `.env` file at all. */
  readonly hasEnvFiles: boolean;
  /** The names of the libraries that the manifests depend on. */
  readonly dependencies: ReadonlySet<string>;
}

interface Manifest {
  readonly name?: string;
  readonly main?: string;
  readonly module?: string;
  readonly source?: string;
  readonly exports?: unknown;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

interface CompilerConfig {
  readonly extends?: string | readonly string[];
  readonly compilerOptions?: {
    readonly baseUrl?: string;
    readonly paths?: Readonly<Record<string, readonly string[]>>;
  };
}

const PRODUCTION_ENV = /(?:^|\/)\.env(?:\.production)?(?:\.local)?$/;

/** Reads the manifests, compiler settings and env files. One that cannot be read counts as empty. */
export async function readSettings(root: string, paths: readonly string[]): Promise<TreeSettings> {
  const texts = new Map(
    await Promise.all(
      paths.map(async path => [path, await readFile(join(root, path), 'utf8').catch(() => '')] as const),
    ),
  );
  const packages = new Map<string, WorkspacePackage>();
  const dependencies = new Set<string>();
  const aliases: { directory: string; rules: readonly AliasRule[] }[] = [];
  const variables = new Map<string, string>();
  for (const [path, text] of texts) {
    const directory = path.includes('/') ? posix.dirname(path) : '';
    if (path.endsWith('package.json')) readManifest(text, directory, packages, dependencies);
    else if (path.endsWith('.json')) aliases.push({ directory, rules: readAliases(texts, path, 0) });
    else for (const [name, value] of productionVariables(path, text)) variables.set(name, value);
  }
  aliases.sort((a, b) => b.directory.length - a.directory.length);
  return { aliases, packages, variables, dependencies, hasEnvFiles: paths.some(path => /\.env/.test(path)) };
}

function productionVariables(path: string, text: string): readonly (readonly [string, string])[] {
  if (!PRODUCTION_ENV.test(path)) return [];
  return Object.entries(parseEnv(text)).map(([name, value]) => [name, value ?? '']);
}

function readManifest(
  text: string,
  directory: string,
  packages: Map<string, WorkspacePackage>,
  dependencies: Set<string>,
): void {
  const manifest = parseJson<Manifest>(text);
  if (manifest === undefined) return;
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }))
    dependencies.add(name);
  if (manifest.name !== undefined) packages.set(manifest.name, { directory, entries: entriesOf(manifest) });
}

function entriesOf({ source, module, main, exports }: Manifest): ReadonlyMap<string, string> {
  const entries = new Map<string, string>();
  const target = source ?? module ?? main;
  if (target !== undefined) entries.set('.', target);
  const declared = typeof exports === 'string' ? { '.': exports } : isRecord(exports) ? exports : {};
  for (const [key, value] of Object.entries(declared)) {
    const file = targetOf(value);
    if (file !== undefined) entries.set(key.startsWith('.') ? key : '.', file);
  }
  return entries;
}

/** The first file that a conditional export names, sources first. */
function targetOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (!isRecord(value)) return undefined;
  const keys = Object.keys(value).sort((a, b) => rank(a) - rank(b));
  for (const key of keys) {
    const target = targetOf(value[key]);
    if (target !== undefined) return target;
  }
  return undefined;
}

function rank(condition: string): number {
  const order = ['source', 'development', 'import', 'module', 'browser', 'default', 'require', 'types'];
  const index = order.indexOf(condition);
  return index === -1 ? 0 : index;
}

function readAliases(texts: ReadonlyMap<string, string>, path: string, depth: number): readonly AliasRule[] {
  const config = parseJson<CompilerConfig>(texts.get(path) ?? '');
  if (config === undefined || depth > 5) return [];
  const directory = posix.dirname(path);
  const { baseUrl = '.', paths = {} } = config.compilerOptions ?? {};
  const base = posix.join(directory, baseUrl);
  const own = Object.entries(paths).map(([pattern, targets]): AliasRule => {
    const [prefix = '', suffix = ''] = pattern.split('*');
    return {
      prefix,
      suffix,
      exact: !pattern.includes('*'),
      targets: targets.map(target => posix.join(base, target)),
    };
  });
  const bare: AliasRule[] =
    config.compilerOptions?.baseUrl === undefined
      ? []
      : [{ prefix: '', suffix: '', exact: false, targets: [posix.join(base, '*')] }];
  const inherited = [config.extends ?? []].flat().flatMap(parent => {
    const target = parent.startsWith('.') ? posix.join(directory, parent) : undefined;
    if (target === undefined) return [];
    return readAliases(texts, texts.has(target) ? target : `${target}.json`, depth + 1);
  });
  return [...own.sort((a, b) => b.prefix.length - a.prefix.length), ...bare, ...inherited];
}

/** JSON with comments and trailing commas, as compilers accept it. */
function parseJson<T>(text: string): T | undefined {
  const plain = text
    .replace(
      /("(?:[^"\\]|\\.)*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
      (_all, quoted: string | undefined) => quoted ?? '',
    )
    .replace(/("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])/g, (_all, quoted: string | undefined) => quoted ?? '');
  try {
    const value: unknown = JSON.parse(plain);
    return isRecord(value) ? (value as T) : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
