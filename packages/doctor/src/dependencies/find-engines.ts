import { intersects, minVersion, satisfies, validRange } from 'semver';
import type { DependencyFinding } from './audit.ts';
import { type PackageCopy, type PackageTree, reachableFrom } from './package-tree.ts';

const MAX_PACKAGES = 5;

/** Packages and projects that do not want this Node, each other's, or the one that the project promises to work with. */
export function findEngines(tree: PackageTree, node: string): DependencyFinding[] {
  const asking = [...tree.copies.values()].filter(
    ({ manifest, optional }) =>
      !optional && manifest.node !== undefined && validRange(manifest.node) !== null,
  );
  return [...running(tree, asking, node), ...conflicts(asking), ...promises(tree)];
}

const accepts = (range: string, version: string): boolean =>
  satisfies(version, range, { includePrerelease: true });
const named = (copies: readonly PackageCopy[]): string => {
  const names = [...new Set(copies.map(({ name, version }) => `${name} ${version}`))];
  const more = names.length - MAX_PACKAGES;
  return `${names.slice(0, MAX_PACKAGES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
};

function engine(
  severity: DependencyFinding['severity'],
  copies: readonly PackageCopy[],
  texts: Pick<DependencyFinding, 'summary' | 'why' | 'remedy'>,
): DependencyFinding {
  return {
    kind: 'engine',
    severity,
    package: copies[0]?.name ?? '',
    versions: [...new Set(copies.map(({ version }) => version))],
    where: copies.slice(0, MAX_PACKAGES).map(({ path }) => path),
    ...texts,
  };
}

function running(
  { projects }: PackageTree,
  asking: readonly PackageCopy[],
  node: string,
): DependencyFinding[] {
  const unhappy = asking.filter(({ manifest }) => !accepts(manifest.node ?? '*', node));
  const byRange = Map.groupBy(unhappy, ({ manifest }) => manifest.node ?? '*');
  const own = projects.filter(
    ({ manifest }) =>
      manifest.node !== undefined && validRange(manifest.node) !== null && !accepts(manifest.node, node),
  );
  const texts = (who: string, range: string) => ({
    summary: `${who} ${who.includes(', ') || who.includes(' more') ? 'need' : 'needs'} Node.js ${range}, and it would run on ${node}.`,
    why: 'It may use what this Node.js does not have, and fail when it is loaded or later.',
    remedy: `Run a Node.js that fits ${range}, or take a version of the package that accepts ${node}.`,
  });
  return [
    ...own.map(({ path, manifest }) => ({
      ...engine('problem', [], texts(path === '.' ? 'the project' : path, manifest.node ?? '')),
      package: manifest.name,
      where: [path],
    })),
    ...[...byRange].map(([range, copies]) =>
      engine(copies.every(({ dev }) => dev) ? 'note' : 'problem', copies, texts(named(copies), range)),
    ),
  ];
}

/** Two packages for which there is no Node.js at all that both accept. */
function conflicts(asking: readonly PackageCopy[]): DependencyFinding[] {
  const byRange = [
    ...Map.groupBy(
      asking.filter(({ dev }) => !dev),
      ({ manifest }) => manifest.node ?? '*',
    ),
  ];
  return byRange.flatMap(([range, copies], index) =>
    byRange.slice(index + 1).flatMap(([other, others]) => {
      if (intersects(range, other)) return [];
      return [
        engine('problem', [...copies.slice(0, 1), ...others.slice(0, 1)], {
          summary: `${named(copies)} needs Node.js ${range}, and ${named(others)} needs ${other}: no version fits both.`,
          why: 'Whichever Node.js runs it, one of them is outside of what it was made for.',
          remedy: 'Update the older one of the two: npm outdated shows what there is.',
        }),
      ];
    }),
  );
}

/** A project that says it runs on a Node.js that what it runs with does not. */
function promises(tree: PackageTree): DependencyFinding[] {
  if (!tree.nested) return [];
  return tree.projects.flatMap(project => {
    const promised = project.manifest.node;
    const oldest = promised === undefined || validRange(promised) === null ? null : minVersion(promised);
    if (oldest === null) return [];
    const broken = [...reachableFrom(tree, project)].filter(
      ({ manifest, optional }) =>
        !optional &&
        manifest.node !== undefined &&
        validRange(manifest.node) !== null &&
        !accepts(manifest.node, oldest.version),
    );
    if (broken.length === 0) return [];
    const who = project.path === '.' ? 'package.json' : `${project.path}/package.json`;
    return [
      engine('note', broken, {
        summary: `${who} promises Node.js ${promised}; on ${oldest.version} that does not hold for ${named(broken)}.`,
        why: 'Who installs it on the oldest Node.js that is promised gets something that may not run.',
        remedy: `Raise engines.node in ${who}, or take versions that accept ${oldest.version}.`,
      }),
    ];
  });
}
