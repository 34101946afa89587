import { satisfies, validRange } from 'semver';
import type { DependencyFinding } from './audit.ts';
import type { InstalledTree } from './installed-tree.ts';
import { DEPENDENCY_FIELDS, type Manifest } from './manifest.ts';
import type { NpmLock } from './npm-lock.ts';
import { type PackageTree, type Project, resolveFrom } from './package-tree.ts';

const RELOCK = 'Write the lock anew: npm install, then commit package-lock.json.';
const REINSTALL = 'Install what the lock says: npm ci.';

/** Where package.json and npm's lock do not say the same. `npm ci` refuses such a project. */
export function findLockDrift(projects: readonly Project[], lock: NpmLock): DependencyFinding[] {
  const gone = lock.projects.filter(({ path }) => !projects.some(project => project.path === path));
  return [
    ...projects.flatMap(project => projectDrift(project, lock)),
    ...gone.map(({ path }) =>
      drift(path, [], [path], `${path} is in the lock as a package of this project, and is not there.`),
    ),
  ];
}

function projectDrift({ path, manifest }: Project, lock: NpmLock): DependencyFinding[] {
  const locked = lock.projects.find(project => project.path === path);
  if (locked === undefined) {
    return [
      drift(manifest.name, [], [path], `The lock does not know ${path === '.' ? 'this project' : path}.`),
    ];
  }
  const [asked, known] = [rangesOf(manifest), rangesOf(locked.manifest)];
  const where = path === '.' ? 'package.json' : `${path}/package.json`;
  const changed = [...asked].flatMap(([name, range]) => {
    const before = known.get(name);
    if (before === range) return [];
    const was = before === undefined ? 'does not know it' : `was made for ${before}`;
    return [drift(name, [range], [where], `${where} asks for ${name} ${range}, and the lock ${was}.`)];
  });
  const removed = [...known.keys()]
    .filter(name => !asked.has(name))
    .map(name => drift(name, [], [where], `${where} no longer asks for ${name}, and the lock still has it.`));
  return [...changed, ...removed];
}

function rangesOf(manifest: Manifest): Map<string, string> {
  return new Map(DEPENDENCY_FIELDS.toReversed().flatMap(field => Object.entries(manifest[field])));
}

function drift(
  name: string,
  versions: readonly string[],
  where: readonly string[],
  summary: string,
): DependencyFinding {
  const why = 'npm ci refuses it, and npm install brings other versions than those that were tested.';
  return {
    kind: 'lock_drift',
    severity: 'problem',
    package: name,
    versions,
    where,
    summary,
    why,
    remedy: RELOCK,
  };
}

/** Copies in the lock that are not what package.json asks for, as only an edited lock has them. */
export function findWrongVersions(tree: PackageTree, overridden: readonly string[]): DependencyFinding[] {
  return tree.projects.flatMap(({ path, manifest }) =>
    [...rangesOf(manifest)].flatMap(([name, range]) => {
      const copy = resolveFrom(tree, path, name);
      const judgeable = copy !== undefined && copy.name === name && validRange(range) !== null;
      if (
        !judgeable ||
        overridden.includes(name) ||
        satisfies(copy.version, range, { includePrerelease: true })
      )
        return [];
      const summary = `${path === '.' ? 'package.json' : `${path}/package.json`} asks for ${name} ${range}, and gets ${copy.version}.`;
      return [drift(name, [copy.version], [copy.path], summary)];
    }),
  );
}

/** What the lock has and node_modules has not, or in another version. */
export function findInstalledDrift(lock: NpmLock, { copies }: InstalledTree): DependencyFinding[] {
  const needed = [...lock.copies.values()].filter(({ optional }) => !optional);
  const development = needed.filter(({ dev }) => dev);
  // `npm ci --omit=dev` leaves all of them out on purpose
  const withoutDevelopment = development.length > 0 && development.every(({ path }) => !copies.has(path));
  return needed.flatMap(({ name, version, path, dev }) => {
    const installed = copies.get(path);
    if (installed === undefined) return dev && withoutDevelopment ? [] : [missing(name, version, path)];
    return installed.version === version ? [] : [different(name, installed.version, version, path)];
  });
}

function missing(name: string, version: string, path: string): DependencyFinding {
  return {
    kind: 'not_installed',
    severity: 'problem',
    package: name,
    versions: [version],
    where: [path],
    summary: `${name} ${version} is in the lock and not installed.`,
    why: 'Whatever imports it fails when it is loaded.',
    remedy: REINSTALL,
  };
}

function different(name: string, installed: string, locked: string, path: string): DependencyFinding {
  return {
    kind: 'installed_drift',
    severity: 'problem',
    package: name,
    versions: [installed, locked],
    where: [path],
    summary: `${name} ${installed} is installed, and the lock says ${locked}.`,
    why: 'What runs is not what was tested and reviewed.',
    remedy: REINSTALL,
  };
}

/** Without a lock that can be read: what is declared and lies nowhere that Node would look. */
export function findNotInstalled(
  tree: PackageTree,
  linked: (project: string, name: string) => boolean,
): DependencyFinding[] {
  return tree.projects.flatMap(({ path, manifest }) =>
    Object.entries({ ...manifest.devDependencies, ...manifest.dependencies }).flatMap(([name, range]) => {
      const there = resolveFrom(tree, path, name) !== undefined || linked(path, name);
      const own = tree.projects.some(project => project.manifest.name === name);
      if (there || own || name in manifest.optionalDependencies) return [];
      return [
        {
          ...missing(name, range, path),
          summary: `${path === '.' ? 'package.json' : `${path}/package.json`} asks for ${name} ${range}, which is not installed.`,
          remedy: 'Install it with the package manager of the project.',
        },
      ];
    }),
  );
}
