import { glob, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface PackageManifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly files?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

export interface PublishablePackage {
  /** Absolute. */
  readonly directory: string;
  readonly manifest: PackageManifest;
}

/** Only what a user of the package needs; in particular no condition that leads to sources, which are not packed. */
const PUBLISHED_FIELDS = [
  'name',
  'version',
  'description',
  'license',
  'type',
  'engines',
  'bin',
  'exports',
  'files',
  'dependencies',
  'optionalDependencies',
  'peerDependencies',
];

/**
 * What a published package needs when it says nothing else. In the checkout only the root says so: it brings its own
 * Node, and npm would warn about every workspace otherwise.
 */
const ENGINES = { node: '>=24' };

const SOURCE_CONDITION = 'holdfast-source';

/** The packages and apps that are published, each after the ones that it depends on. */
export async function publishablePackages(root: string): Promise<PublishablePackage[]> {
  const found: PublishablePackage[] = [];
  for await (const path of glob('{packages,apps}/*/package.json', { cwd: root })) {
    const manifest = JSON.parse(await readFile(join(root, path), 'utf8')) as PackageManifest;
    if (!manifest.private) found.push({ directory: join(root, dirname(path)), manifest });
  }
  return inDependencyOrder(found);
}

function inDependencyOrder(packages: readonly PublishablePackage[]): PublishablePackage[] {
  const waiting = packages.toSorted((a, b) => a.manifest.name.localeCompare(b.manifest.name));
  const ordered: PublishablePackage[] = [];
  while (waiting.length > 0) {
    const names = new Set(waiting.map(({ manifest }) => manifest.name));
    const ready = waiting.findIndex(({ manifest }) =>
      Object.keys(manifest.dependencies ?? {}).every(name => !names.has(name)),
    );
    if (ready === -1)
      throw new Error(`The packages depend on each other in a circle: ${[...names].join(', ')}`);
    ordered.push(...waiting.splice(ready, 1));
  }
  return ordered;
}

/** The manifest as it is published. */
export function publishedManifest(manifest: PackageManifest): Record<string, unknown> {
  const published = Object.fromEntries(
    PUBLISHED_FIELDS.filter(field => manifest[field] !== undefined).map(field => [field, manifest[field]]),
  );
  if (manifest.exports) published.exports = withoutSources(manifest.exports);
  return { engines: ENGINES, ...published, publishConfig: { access: 'public' } };
}

function withoutSources(exports: NonNullable<PackageManifest['exports']>) {
  return Object.fromEntries(
    Object.entries(exports).map(([path, targets]) => [
      path,
      Object.fromEntries(Object.entries(targets).filter(([condition]) => condition !== SOURCE_CONDITION)),
    ]),
  );
}
