import { glob, readFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { parseSourceFile, type SourceFile } from './source-file.ts';

export interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

export interface Workspace {
  /** `packages/core`, `apps/cli`; `bench` for the benchmarks; the empty string for the root. */
  readonly directory: string;
  readonly manifest: Manifest;
  readonly files: readonly SourceFile[];
}

/** Everything the rules look at. Paths are relative to the repository root. */
export interface Project {
  readonly root: Workspace;
  /** packages/* and apps/*. */
  readonly workspaces: readonly Workspace[];
  /** bench/, which has dependencies of its own outside the workspaces. */
  readonly bench: Workspace | undefined;
}

export interface Violation {
  readonly rule: string;
  readonly path: string;
  readonly line?: number;
  readonly message: string;
}

export type Rule = (project: Project) => Violation[];

const PATTERNS = [
  'package.json',
  'bench/package.json',
  '{packages,apps}/*/package.json',
  '{packages,apps}/*/{src,test,bin}/**/*.{ts,tsx,js}',
  '{scripts,test}/**/*.ts',
  'bench/*.ts',
  'bench/{lib,peers}/**/*.{ts,js}',
];

/** Reads and parses the sources of the checkout at `root`. Throws when a file cannot be parsed. */
export async function readProject(root: string): Promise<Project> {
  const texts = new Map<string, string>();
  for await (const path of glob(PATTERNS, { cwd: root })) {
    texts.set(path.split(sep).join('/'), await readFile(join(root, path), 'utf8'));
  }
  return parseProject(texts);
}

/** The same from texts by path, so that a test can describe a small project in a few lines. */
export function parseProject(texts: ReadonlyMap<string, string>): Project {
  const directories = [...texts.keys()]
    .filter(path => path.endsWith('package.json'))
    .map(path => dirname(path).replace(/^\.$/, ''))
    .sort((a, b) => b.length - a.length);
  const all = directories.map(directory => readWorkspace(directory, directories, texts));
  const root = all.find(workspace => workspace.directory === '');
  if (!root) throw new Error('There is no package.json at the root.');
  return {
    root,
    bench: all.find(workspace => workspace.directory === 'bench'),
    workspaces: all
      .filter(({ directory }) => /^(packages|apps)\//.test(directory))
      .sort((a, b) => a.directory.localeCompare(b.directory)),
  };
}

export function allWorkspaces(project: Project): Workspace[] {
  return [...project.workspaces, ...(project.bench ? [project.bench] : []), project.root];
}

export function allFiles(project: Project): SourceFile[] {
  return allWorkspaces(project).flatMap(workspace => workspace.files);
}

/** Tests and their helpers: free of the size limits, and allowed to use development dependencies. */
export function isTestFile(path: string): boolean {
  return /(^|\/)test\//.test(path) || /\.test\.tsx?$/.test(path);
}

function readWorkspace(
  directory: string,
  directories: readonly string[],
  texts: ReadonlyMap<string, string>,
): Workspace {
  const owns = (path: string) =>
    directories.find(candidate => candidate === '' || path.startsWith(`${candidate}/`)) === directory;
  const files = [...texts]
    .filter(([path]) => /\.(ts|tsx|js)$/.test(path) && owns(path))
    .map(([path, text]) => parseSourceFile(path, text))
    .sort((a, b) => a.path.localeCompare(b.path));
  const manifest = JSON.parse(texts.get(join(directory, 'package.json')) ?? '{}') as Manifest;
  return { directory, manifest, files };
}
