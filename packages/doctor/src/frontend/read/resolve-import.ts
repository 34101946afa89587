import { posix } from 'node:path';

/** What decides where an import leads, read from the settings of the tree. */
export interface ResolveSettings {
  /** Every source file of the tree. */
  readonly files: ReadonlySet<string>;
  /** The path aliases of each directory that has a tsconfig or jsconfig, the deepest first. */
  readonly aliases: readonly { readonly directory: string; readonly rules: readonly AliasRule[] }[];
  /** The packages of the tree by name, with the files that their manifests name for each entry. */
  readonly packages: ReadonlyMap<string, WorkspacePackage>;
}

export interface AliasRule {
  readonly prefix: string;
  readonly suffix: string;
  /** Whether the pattern has no `*`. */
  readonly exact: boolean;
  /** Relative to the root of the tree, `*` for the matched part. */
  readonly targets: readonly string[];
}

export interface WorkspacePackage {
  readonly directory: string;
  /** By subpath: `.`, `./api`, `./*`. */
  readonly entries: ReadonlyMap<string, string>;
}

const EXTENSIONS = ['', '.ts', '.tsx', '.js', '.jsx', '.mts', '.mjs', '.cts', '.cjs', '.vue', '.svelte'];
const COMPILED = /\.([cm]?)js(x?)$/;

/** The file of the tree that an import names, or undefined for a package from outside. */
export function resolveImport(settings: ResolveSettings, from: string, request: string): string | undefined {
  if (request.startsWith('.')) return findFile(settings.files, posix.join(posix.dirname(from), request));
  for (const { directory, rules } of settings.aliases) {
    if (directory !== '' && !from.startsWith(`${directory}/`)) continue;
    const found = byAlias(settings, rules, request);
    if (found !== undefined) return found;
  }
  return byPackage(settings, request) ?? byConvention(settings, from, request);
}

function byAlias(
  settings: ResolveSettings,
  rules: readonly AliasRule[],
  request: string,
): string | undefined {
  for (const { prefix, suffix, exact, targets } of rules) {
    if (exact ? request !== prefix : !request.startsWith(prefix) || !request.endsWith(suffix)) continue;
    const middle = request.slice(prefix.length, request.length - suffix.length);
    for (const target of targets) {
      const found = findFile(settings.files, posix.normalize(target.replace('*', middle)));
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function byPackage({ packages, files }: ResolveSettings, request: string): string | undefined {
  const name = request
    .split('/')
    .slice(0, request.startsWith('@') ? 2 : 1)
    .join('/');
  const found = packages.get(name);
  if (found === undefined) return undefined;
  const subpath = `.${request.slice(name.length)}`;
  const direct = found.entries.get(subpath);
  const wildcard = [...found.entries].find(
    ([key]) => key.endsWith('*') && subpath.startsWith(key.slice(0, -1)),
  );
  const star = wildcard?.[1].replace('*', subpath.slice(wildcard[0].length - 1));
  const rest = subpath.slice(2);
  const candidates = [
    direct,
    star,
    rest === '' ? 'src/index' : undefined,
    rest === '' ? 'index' : `src/${rest}`,
    rest,
  ];
  for (const candidate of candidates) {
    if (candidate === undefined || candidate === '') continue;
    const source = posix.join(found.directory, candidate);
    const file =
      findFile(files, source) ??
      findFile(files, source.replace(/\/(?:dist|lib|build)\//, '/src/').replace(/\.d\.ts$/, '.ts'));
    if (file !== undefined) return file;
  }
  return undefined;
}

/** The aliases that Vite, Nuxt and SvelteKit projects have without a tsconfig that says so. */
function byConvention({ files }: ResolveSettings, from: string, request: string): string | undefined {
  const match = /^(@\/|~\/|~~\/|@@\/|\$lib(?:\/|$)|src\/)(.*)$/.exec(request);
  if (match === null) return undefined;
  const [, prefix = '', rest = ''] = match;
  for (let directory = posix.dirname(from); ; directory = posix.dirname(directory)) {
    const roots = prefix.startsWith('$lib') ? ['src/lib'] : ['src', 'app', ''];
    for (const root of roots) {
      const found = findFile(files, posix.join(directory, root, rest));
      if (found !== undefined && found !== from) return found;
    }
    if (directory === '.' || directory === '') return undefined;
  }
}

function findFile(files: ReadonlySet<string>, path: string): string | undefined {
  for (const extension of EXTENSIONS) if (files.has(path + extension)) return path + extension;
  const source = path.replace(COMPILED, '.$1ts$2');
  if (source !== path && files.has(source)) return source;
  if (source !== path && files.has(`${source}x`)) return `${source}x`;
  for (const extension of EXTENSIONS.slice(1)) {
    const index = path === '' ? `index${extension}` : `${path}/index${extension}`;
    if (files.has(index)) return index;
  }
  return undefined;
}
