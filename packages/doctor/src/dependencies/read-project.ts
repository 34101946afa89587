import { glob, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import type { PackageManager } from './audit.ts';
import { type InstalledTree, readInstalled } from './installed-tree.ts';
import { readManifest } from './manifest.ts';
import { type NpmLock, parseNpmLock } from './npm-lock.ts';
import type { PackageTree, Project } from './package-tree.ts';

/** What a directory holds that tells of dependencies. */
export interface ProjectFacts {
  readonly root: Project;
  readonly projects: readonly Project[];
  readonly manager: PackageManager;
  /** In words. */
  readonly lock: string;
  /** Undefined when there is none that can be read. */
  readonly npmLock: NpmLock | undefined;
  readonly installed: InstalledTree | undefined;
  /** The registry of the project's .npmrc. */
  readonly registry: string | undefined;
  readonly limits: readonly string[];
}

const MAX_WORKSPACES = 500;

/** Lock files, the first that is there wins. */
const LOCKS: readonly (readonly [file: string, manager: PackageManager])[] = [
  ['npm-shrinkwrap.json', 'npm'],
  ['package-lock.json', 'npm'],
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn-classic'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
];

/** Reads package.json files, the lock and what is installed. @throws HoldfastError `not_found` without a package.json, `usage`. */
export async function readProject(directory: string, signal: AbortSignal): Promise<ProjectFacts> {
  const manifest = await readManifest(join(directory, 'package.json'));
  if (manifest === undefined) {
    const text = `There is no package.json in ${directory}: nothing there names dependencies.`;
    throw new HoldfastError('not_found', text, { details: { directory } });
  }
  const root: Project = { path: '.', manifest };
  const workspaces = await readWorkspaces(directory, await patternsOf(directory, manifest.workspaces));
  const projects = [root, ...workspaces];
  const { manager, lock, npmLock } = await readLock(directory);
  const installed = await readInstalled(
    directory,
    projects.map(({ path }) => path),
    signal,
  );
  const limits =
    installed?.cut === true
      ? [`Only ${installed.copies.size} installed packages were read: what is installed was not compared.`]
      : [];
  return { root, projects, manager, lock, npmLock, installed, limits, registry: await registryOf(directory) };
}

/** pnpm keeps its workspaces in a file of its own, of which only the plain list is read. */
async function patternsOf(directory: string, declared: readonly string[]): Promise<readonly string[]> {
  if (declared.length > 0) return declared;
  const text = await readFile(join(directory, 'pnpm-workspace.yaml'), 'utf8').catch(() => '');
  const block = /^packages:\s*\n((?:\s*(?:#.*)?\n|\s+-.*\n?|-.*\n?)*)/m.exec(text)?.[1] ?? '';
  return [...block.matchAll(/^\s*-\s*['"]?([^'"#\n]+?)['"]?\s*(?:#.*)?$/gm)].map(
    ([, pattern = '']) => pattern,
  );
}

async function readWorkspaces(directory: string, patterns: readonly string[]): Promise<Project[]> {
  const wanted = patterns.filter(pattern => !pattern.startsWith('!'));
  const unwanted = patterns.filter(pattern => pattern.startsWith('!')).map(pattern => pattern.slice(1));
  const found = new Map<string, Project>();
  const files = wanted.map(pattern => `${pattern.replace(/^\.\//, '').replace(/\/$/, '')}/package.json`);
  const exclude = ['**/node_modules/**', ...unwanted.map(pattern => `${pattern}/package.json`)];
  for await (const file of glob(files, { cwd: directory, exclude })) {
    const path = dirname(file).replaceAll('\\', '/');
    const manifest = path.startsWith('..') ? undefined : await readManifest(join(directory, file));
    if (manifest !== undefined) found.set(path, { path, manifest });
    if (found.size >= MAX_WORKSPACES) break;
  }
  return [...found.values()].toSorted((a, b) => a.path.localeCompare(b.path));
}

async function readLock(directory: string): Promise<Pick<ProjectFacts, 'manager' | 'lock' | 'npmLock'>> {
  for (const [file, manager] of LOCKS) {
    const path = join(directory, file);
    if (
      !(await stat(path).then(
        found => found.isFile(),
        () => false,
      ))
    )
      continue;
    if (manager === 'npm') return { manager, ...readNpm(await readFile(path, 'utf8'), path, file) };
    const own = manager === 'yarn-classic' && (await isBerry(path)) ? 'yarn-berry' : manager;
    return {
      manager: own,
      lock: `${file} of ${own} is there and was not read: only npm's lock is`,
      npmLock: undefined,
    };
  }
  return { manager: 'none', lock: 'there is no lock file', npmLock: undefined };
}

function readNpm(text: string, path: string, file: string): Pick<ProjectFacts, 'lock' | 'npmLock'> {
  const parsed = parseNpmLock(text, path);
  if ('unread' in parsed) return { lock: `${file} was not read: ${parsed.unread}`, npmLock: undefined };
  return { lock: `${file} was read`, npmLock: parsed };
}

/** Yarn from version 2 on writes YAML with a block of its own; version 1 begins with a comment that names it. */
async function isBerry(path: string): Promise<boolean> {
  return /^__metadata:/m.test(await readFile(path, 'utf8'));
}

async function registryOf(directory: string): Promise<string | undefined> {
  const text = await readFile(join(directory, '.npmrc'), 'utf8').catch(() => '');
  const value = /^\s*registry\s*=\s*"?([^"\s#;]+)/m.exec(text)?.[1];
  return value !== undefined && URL.canParse(value) ? value : undefined;
}

/** The tree to judge: the lock's, else what is installed. */
export function treeOf({ npmLock, installed, projects, manager }: ProjectFacts): PackageTree | undefined {
  const copies = npmLock?.copies ?? installed?.copies;
  if (copies === undefined) return undefined;
  return { copies, projects, nested: npmLock !== undefined || manager !== 'pnpm' };
}
