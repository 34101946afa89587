import type { Dirent } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type IgnoreRules, judgePath, parseIgnoreRules } from './ignore-rules.ts';

/** Why a file or directory of the tree was not read. */
export type LeftOutReason = 'dependencies' | 'build' | 'ignored' | 'test' | 'minified' | 'declarations';

export interface SourceTree {
  /** Source files, relative to the root with forward slashes, sorted. */
  readonly sources: readonly string[];
  /** `package.json`, `tsconfig*.json`, `jsconfig.json`, `.env*`, `svelte.config`, `vite.config`. */
  readonly settings: readonly string[];
  /** How many files or directories were left out, by reason. */
  readonly leftOut: Readonly<Record<LeftOutReason, number>>;
}

const SOURCE = /\.(?:[cm]?[jt]s|[jt]sx|vue|svelte)$/;
const SETTINGS = /^(?:package\.json|[jt]sconfig(?:\.[\w-]+)?\.json|\.env(?:\.[\w-]+)*)$/;
const DEPENDENCIES = new Set(['node_modules', 'bower_components', '.yarn', '.pnpm-store', 'vendor']);
const BUILDS = new Set([
  'dist',
  'build',
  'out',
  '.next',
  '.nuxt',
  '.output',
  '.svelte-kit',
  '.turbo',
  '.cache',
  '.vercel',
  '.netlify',
  'coverage',
  'storybook-static',
  '.git',
  '.hg',
]);
const TEST_DIRECTORIES = new Set([
  '__tests__',
  '__mocks__',
  '__fixtures__',
  'test',
  'tests',
  'e2e',
  'cypress',
  'playwright',
  'mocks',
  'msw',
]);
const TEST_FILE = /[.-](?:test|spec|stories|story|cy|e2e|mock|mocks)\.[cm]?[jt]sx?$/;
const MINIFIED = /[.-]min\.[cm]?js$|\.bundle\.js$|mockServiceWorker\.js$/;

interface Listing {
  readonly root: string;
  readonly sources: string[];
  readonly settings: string[];
  readonly leftOut: Record<LeftOutReason, number>;
}

interface Ignores {
  readonly base: string;
  readonly rules: IgnoreRules;
}

/** Lists what a frontend is made of. Symbolic links are not followed. Rejects when the root cannot be read. */
export async function listSources(root: string): Promise<SourceTree> {
  const leftOut = { dependencies: 0, build: 0, ignored: 0, test: 0, minified: 0, declarations: 0 };
  const listing: Listing = { root, sources: [], settings: [], leftOut };
  await listDirectory(listing, '', []);
  return { sources: listing.sources.sort(), settings: listing.settings.sort(), leftOut };
}

async function listDirectory(
  listing: Listing,
  directory: string,
  inherited: readonly Ignores[],
): Promise<void> {
  const entries = await readdir(join(listing.root, directory), { withFileTypes: true });
  const ignores = entries.some(({ name }) => name === '.gitignore')
    ? [...inherited, await readIgnores(listing.root, directory)]
    : inherited;
  const deeper: string[] = [];
  for (const entry of entries) {
    const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
    if (entry.isFile() && SETTINGS.test(entry.name)) listing.settings.push(path);
    const place = placeOf(entry, path, ignores);
    if (place === 'source') listing.sources.push(path);
    else if (place === 'directory') deeper.push(path);
    else if (place !== undefined) listing.leftOut[place] += 1;
  }
  await Promise.all(deeper.map(path => listDirectory(listing, path, ignores)));
}

function placeOf(
  entry: Dirent,
  path: string,
  ignores: readonly Ignores[],
): LeftOutReason | 'source' | 'directory' | undefined {
  if (entry.isDirectory()) {
    if (DEPENDENCIES.has(entry.name)) return 'dependencies';
    if (BUILDS.has(entry.name)) return 'build';
    if (isIgnored(path, true, ignores)) return 'ignored';
    return TEST_DIRECTORIES.has(entry.name) ? 'test' : 'directory';
  }
  if (!entry.isFile() || !SOURCE.test(entry.name)) return undefined;
  if (isIgnored(path, false, ignores)) return 'ignored';
  if (/\.d\.[cm]?ts$/.test(entry.name)) return 'declarations';
  if (MINIFIED.test(entry.name)) return 'minified';
  return TEST_FILE.test(entry.name) ? 'test' : 'source';
}

function isIgnored(path: string, isDirectory: boolean, ignores: readonly Ignores[]): boolean {
  for (const { base, rules } of ignores.toReversed()) {
    const verdict = judgePath(rules, base === '' ? path : path.slice(base.length + 1), isDirectory);
    if (verdict !== undefined) return verdict === 'ignored';
  }
  return false;
}

async function readIgnores(root: string, directory: string): Promise<Ignores> {
  return {
    base: directory,
    rules: parseIgnoreRules(await readFile(join(root, directory, '.gitignore'), 'utf8')),
  };
}
