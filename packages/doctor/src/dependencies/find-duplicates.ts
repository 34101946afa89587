import type { DependencyFinding } from './audit.ts';
import { type PackageCopy, type PackageTree, reachableFrom } from './package-tree.ts';
import { SINGLE_PACKAGES } from './single-packages.ts';

/**
 * Several copies of packages of which there must be one. A problem where one project reaches more than one of them through what it
 * runs with; a note where only development does, or where each project has its own.
 */
export function findDuplicates(tree: PackageTree): DependencyFinding[] {
  const byName = Map.groupBy(tree.copies.values(), ({ name }) => name);
  const several = [...byName].filter(
    ([name, copies]) => Object.hasOwn(SINGLE_PACKAGES, name) && isSeveral(tree, copies),
  );
  if (several.length === 0) return [];
  const reached = tree.nested
    ? tree.projects.map(project => ({ project, copies: reachableFrom(tree, project) }))
    : [];
  return several.map(([name, copies]) => {
    const together = reached.filter(one => copies.filter(copy => one.copies.has(copy)).length > 1);
    const met = together.flatMap(one => copies.filter(copy => one.copies.has(copy)));
    const problem = !tree.nested || together.length > 0;
    return duplicate(
      name,
      problem && met.length > 0 ? [...new Set(met)] : copies,
      problem,
      together.map(({ project }) => project.path),
    );
  });
}

/** pnpm keeps a version several times, for other peers; Node then loads each of them, too, but which is not known here. */
function isSeveral({ nested }: PackageTree, copies: readonly PackageCopy[]): boolean {
  return nested ? copies.length > 1 : new Set(copies.map(({ version }) => version)).size > 1;
}

function duplicate(
  name: string,
  copies: readonly PackageCopy[],
  problem: boolean,
  projects: readonly string[],
): DependencyFinding {
  const versions = [...new Set(copies.map(({ version }) => version))].toSorted();
  const what = `${copies.length} copies of ${name} (${versions.join(', ')})`;
  const here = projects.map(path => (path === '.' ? 'the project' : path)).join(', ');
  const summary = problem
    ? here === ''
      ? `${what} are installed.`
      : `${what} are loaded together by ${here}.`
    : `${what} are there, though nothing that runs reaches more than one.`;
  return {
    kind: 'duplicate',
    severity: problem ? 'problem' : 'note',
    package: name,
    versions,
    where: copies.map(({ path }) => path),
    summary,
    why: SINGLE_PACKAGES[name] ?? '',
    remedy: `See who asks for which: npm ls ${name}. Then bring all to one version, or add an override; npm dedupe helps where the ranges allow it.`,
  };
}
