import { parseObject, toManifest } from './manifest.ts';
import type { PackageCopy, Project } from './package-tree.ts';

/** What a package-lock.json of version 2 or 3 holds. */
export interface NpmLock {
  readonly copies: ReadonlyMap<string, PackageCopy>;
  /** The package.json files as they were when the lock was made. */
  readonly projects: readonly Project[];
}

/** Reads npm's lock. A version that has no list of packages is told by its number. @throws HoldfastError `usage` for no JSON. */
export function parseNpmLock(text: string, path: string): NpmLock | { readonly unread: string } {
  const { lockfileVersion, packages } = parseObject(text, path);
  if (lockfileVersion !== 2 && lockfileVersion !== 3)
    return { unread: `it has version ${String(lockfileVersion)}, and versions 2 and 3 are read` };
  if (typeof packages !== 'object' || packages === null) return { unread: 'it lists no packages' };
  const copies = new Map<string, PackageCopy>();
  const projects: Project[] = [];
  for (const [place, value] of Object.entries(packages)) {
    if (typeof value !== 'object' || value === null) continue;
    const fields = value as Readonly<Record<string, unknown>>;
    const name = nameIn(place);
    if (name === undefined) projects.push({ path: place === '' ? '.' : place, manifest: toManifest(fields) });
    else if (fields.link !== true) copies.set(place, copyOf(place, name, fields));
  }
  return { copies, projects };
}

/** The name of the package at a path; undefined for the project's own directories. */
function nameIn(path: string): string | undefined {
  return /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path)?.[1];
}

function copyOf(path: string, name: string, fields: Readonly<Record<string, unknown>>): PackageCopy {
  const manifest = toManifest(fields);
  return {
    // an alias lies under one name and is another package
    name: manifest.name === '' ? name : manifest.name,
    version: manifest.version,
    path,
    manifest,
    dev: fields.dev === true || fields.devOptional === true,
    optional: fields.optional === true || fields.devOptional === true,
    resolved: typeof fields.resolved === 'string' ? fields.resolved : undefined,
    hasInstallScript: fields.hasInstallScript === true,
  };
}
