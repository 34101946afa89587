import { posix } from 'node:path';
import type { Project, Workspace } from './project.ts';

/** `fastify` of `fastify/types`, `@holdfast/core` of `@holdfast/core/x`. Undefined for relative and built-in modules. */
export function packageName(specifier: string): string | undefined {
  if (/^[./#]/.test(specifier) || /^(node|data|file|https?):/.test(specifier)) return undefined;
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
}

export function workspaceOf(project: Project, specifier: string): Workspace | undefined {
  const name = packageName(specifier);
  return project.workspaces.find(workspace => workspace.manifest.name === name);
}

/** The source path a relative specifier means, whether or not such a file exists. */
export function relativeTarget(from: string, specifier: string): string | undefined {
  return /^\.{1,2}\//.test(specifier) ? posix.join(posix.dirname(from), specifier) : undefined;
}

/** The source path behind `@holdfast/x/sub`, through the exports of its manifest; undefined when it is not exported. */
export function exportedSource(workspace: Workspace, specifier: string): string | undefined {
  const subpath = `.${specifier.slice(workspace.manifest.name.length)}`;
  const target = workspace.manifest.exports?.[subpath];
  if (typeof target === 'string') return posix.join(workspace.directory, target);
  const source = (target as { 'holdfast-source'?: unknown } | undefined)?.['holdfast-source'];
  return typeof source === 'string' ? posix.join(workspace.directory, source) : undefined;
}
