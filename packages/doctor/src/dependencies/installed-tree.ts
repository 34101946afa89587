import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readManifest } from './manifest.ts';
import type { PackageCopy } from './package-tree.ts';

export interface InstalledTree {
  readonly copies: ReadonlyMap<string, PackageCopy>;
  /** Whether there were more than could be read, or than there was time for. */
  readonly cut: boolean;
}

const MAX_COPIES = 20_000;
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall'];

/** The packages that lie in the node_modules of some directories; undefined when there is no node_modules at all. */
export async function readInstalled(
  root: string,
  projects: readonly string[],
  signal: AbortSignal,
): Promise<InstalledTree | undefined> {
  const copies = new Map<string, PackageCopy>();
  const pending = projects.map(path => (path === '.' ? 'node_modules' : `${path}/node_modules`));
  if (!(await isDirectory(join(root, 'node_modules')))) return undefined;
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    if (signal.aborted || copies.size >= MAX_COPIES) return { copies, cut: true };
    for (const { path, name } of await packagesIn(root, place)) {
      const copy = await readCopy(root, path, name);
      if (copy !== undefined) copies.set(path, copy);
      pending.push(`${path}/node_modules`);
    }
    if (place === 'node_modules') pending.push(...(await virtualStore(root)));
  }
  return { copies, cut: false };
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    found => found.isDirectory(),
    () => false,
  );
}

interface Entry {
  readonly name: string;
  readonly path: string;
}

/** Real directories alone: links lead to the project's own packages, or into pnpm's store, which is read by itself. */
async function packagesIn(root: string, place: string): Promise<Entry[]> {
  const names = await directoriesIn(join(root, place));
  const entries = await Promise.all(
    names
      .filter(name => !name.startsWith('.'))
      .map(async name => {
        if (!name.startsWith('@')) return [{ name, path: `${place}/${name}` }];
        const inner = await directoriesIn(join(root, place, name));
        return inner.map(own => ({ name: `${name}/${own}`, path: `${place}/${name}/${own}` }));
      }),
  );
  return entries.flat();
}

async function directoriesIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries.filter(entry => entry.isDirectory()).map(({ name }) => name);
}

async function virtualStore(root: string): Promise<string[]> {
  const names = await directoriesIn(join(root, 'node_modules', '.pnpm'));
  return names.map(name => `node_modules/.pnpm/${name}/node_modules`);
}

async function readCopy(root: string, path: string, name: string): Promise<PackageCopy | undefined> {
  // what is no package, or a broken one, has no version that anybody could judge
  const manifest = await readManifest(join(root, path, 'package.json')).catch(() => undefined);
  if (manifest === undefined || manifest.version === '') return undefined;
  return {
    name: manifest.name === '' ? name : manifest.name,
    version: manifest.version,
    path,
    manifest,
    dev: false,
    optional: false,
    resolved: undefined,
    hasInstallScript: INSTALL_SCRIPTS.some(script => script in manifest.scripts),
  };
}
