import { allWorkspaces, type Project, type Rule, type Violation, type Workspace } from '../project.ts';
import { exportedSource, relativeTarget, workspaceOf } from '../resolve.ts';
import type { ModuleReference, SourceFile } from '../source-file.ts';

/** Another package is entered through its exports: no deep import, no relative path out of the own workspace. */
export const boundaries: Rule = project =>
  allWorkspaces(project).flatMap(workspace =>
    workspace.files.flatMap(file =>
      file.references.flatMap(reference => {
        const message = trespass(project, workspace, file, reference);
        if (!message) return [];
        return [{ rule: 'boundaries', path: file.path, line: reference.line, message } satisfies Violation];
      }),
    ),
  );

function trespass(
  project: Project,
  workspace: Workspace,
  file: SourceFile,
  { specifier, match }: ModuleReference,
): string | undefined {
  const relative = relativeTarget(file.path, specifier);
  if (relative !== undefined) {
    const owner = project.workspaces.find(({ directory }) => relative.startsWith(`${directory}/`));
    const leaves = owner !== workspace && (owner !== undefined || project.workspaces.includes(workspace));
    return leaves ? `${specifier} leaves ${workspace.directory || 'the root'}` : undefined;
  }
  const target = workspaceOf(project, specifier);
  if (!target || match === 'prefix' || specifier.endsWith('/package.json')) return undefined;
  return exportedSource(target, specifier) ? undefined : `${specifier} is not exported by its package`;
}
