import type { Manifest } from './manifest.ts';

/** One copy of a package. */
export interface PackageCopy {
  readonly name: string;
  readonly version: string;
  /** Such as `node_modules/a/node_modules/b`, with `/` on every system. */
  readonly path: string;
  readonly manifest: Manifest;
  /** Needed for development alone. */
  readonly dev: boolean;
  readonly optional: boolean;
  /** Where it came from; undefined where that is not on record. */
  readonly resolved: string | undefined;
  readonly hasInstallScript: boolean;
}

/** A package.json of the project itself. */
export interface Project {
  /** `.` or a path below. */
  readonly path: string;
  readonly manifest: Manifest;
}

/** All copies of packages by path, as a lock file or the file system has them. */
export interface PackageTree {
  readonly copies: ReadonlyMap<string, PackageCopy>;
  readonly projects: readonly Project[];
  /** False where copies do not lie where Node would look for them by their path, as with pnpm. */
  readonly nested: boolean;
}

/** The copy that Node finds from a path: the nearest node_modules upwards. Undefined for none, and for the project's own packages. */
export function resolveFrom(tree: PackageTree, from: string, name: string): PackageCopy | undefined {
  for (let place = from === '.' ? '' : from; ; place = parentOf(place)) {
    const copy = tree.copies.get(place === '' ? `node_modules/${name}` : `${place}/node_modules/${name}`);
    if (copy !== undefined || place === '') return copy;
  }
}

/** The directory above that may hold a node_modules. */
function parentOf(path: string): string {
  const inside = path.lastIndexOf('node_modules/');
  const slash = path.lastIndexOf('/');
  // `a/node_modules/@scope/b` lies in `a`
  if (
    inside !== -1 &&
    !path
      .slice(inside + 'node_modules/'.length)
      .replace(/^@[^/]+\//, '')
      .includes('/')
  ) {
    return path.slice(0, Math.max(0, inside - 1));
  }
  return slash === -1 ? '' : path.slice(0, slash);
}

/** Every copy that a project reaches through what it runs with, its own development left out. */
export function reachableFrom(tree: PackageTree, project: Project): Set<PackageCopy> {
  const reached = new Set<PackageCopy>();
  const visited = new Set([project.path]);
  const pending: Place[] = [project];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const name of namesOf(next, next === project)) {
      const found = placeOf(tree, next.path, name);
      if (found === undefined || visited.has(found.path)) continue;
      visited.add(found.path);
      if ('version' in found) reached.add(found);
      pending.push(found);
    }
  }
  return reached;
}

type Place = Project | PackageCopy;

function namesOf({ manifest }: Place, isRoot: boolean): string[] {
  const { dependencies, optionalDependencies, peerDependencies } = manifest;
  return Object.keys({ ...dependencies, ...optionalDependencies, ...(isRoot ? {} : peerDependencies) });
}

/** One of the project's own packages, else the copy that lies nearest. */
function placeOf(tree: PackageTree, from: string, name: string): Place | undefined {
  return tree.projects.find(({ manifest }) => manifest.name === name) ?? resolveFrom(tree, from, name);
}
