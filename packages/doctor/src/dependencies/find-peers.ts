import { satisfies, validRange } from 'semver';
import type { DependencyFinding } from './audit.ts';
import { type PackageCopy, type PackageTree, resolveFrom } from './package-tree.ts';

/** Peers that are missing or of a version that the package does not accept. */
export function findPeers(tree: PackageTree, overridden: readonly string[]): DependencyFinding[] {
  if (!tree.nested) return [];
  return [...tree.copies.values()].flatMap(copy =>
    Object.entries(copy.manifest.peerDependencies).flatMap(
      ([name, range]) => findPeer(tree, copy, name, overridden.includes(name) ? '*' : range) ?? [],
    ),
  );
}

function findPeer(
  tree: PackageTree,
  copy: PackageCopy,
  name: string,
  range: string,
): DependencyFinding | undefined {
  const version = versionBeside(tree, copy, name);
  const optional = copy.manifest.optionalPeers.includes(name) || copy.optional;
  if (version === undefined) return optional ? undefined : missing(copy, name, range);
  const fits = validRange(range) === null || satisfies(version, range, { includePrerelease: true });
  return fits ? undefined : unaccepted(copy, name, range, version);
}

function versionBeside(tree: PackageTree, { path }: PackageCopy, name: string): string | undefined {
  const own = tree.projects.find(({ manifest }) => manifest.name === name);
  return own?.manifest.version ?? resolveFrom(tree, parentPath(path), name)?.version;
}

/** A peer lies beside the package or above it, never inside. */
function parentPath(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/node_modules/')));
}

function missing(
  { name: from, version, path, dev }: PackageCopy,
  name: string,
  range: string,
): DependencyFinding {
  return {
    kind: 'peer',
    severity: dev ? 'note' : 'problem',
    package: name,
    versions: [],
    where: [path],
    summary: `${from} ${version} needs ${name} ${range} beside it, and there is none.`,
    why: 'It fails when it is loaded, or when that part of it is used.',
    remedy: `Add it: npm install ${name}@"${range}".`,
  };
}

function unaccepted(copy: PackageCopy, name: string, range: string, version: string): DependencyFinding {
  return {
    kind: 'peer',
    severity: copy.dev ? 'note' : 'problem',
    package: name,
    versions: [version],
    where: [copy.path],
    summary: `${copy.name} ${copy.version} works with ${name} ${range}, and gets ${version}.`,
    why: 'Its authors do not promise that it works with this version.',
    remedy: `Bring the two together: npm ls ${name} shows who asks for which, and npm view ${copy.name} peerDependencies what newer versions accept.`,
  };
}
