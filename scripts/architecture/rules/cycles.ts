import { allFiles, type Project, type Rule, type Violation } from '../project.ts';
import { exportedSource, relativeTarget, workspaceOf } from '../resolve.ts';
import type { SourceFile } from '../source-file.ts';

/** No file imports itself through others; a type-only import counts, because the reader follows it all the same. */
export const cycles: Rule = project => {
  const graph = new Map(allFiles(project).map(file => [file.path, importedFiles(project, file)]));
  return components(graph)
    .filter(component => component.length > 1 || graph.get(component[0] ?? '')?.includes(component[0] ?? ''))
    .map(component => {
      const [first = '', ...rest] = component.toSorted();
      return {
        rule: 'cycles',
        path: first,
        message: `imports itself through ${rest.join(', ') || first}`,
      } satisfies Violation;
    });
};

function importedFiles(project: Project, file: SourceFile): string[] {
  return file.references.flatMap(({ specifier, kind }) => {
    if (kind === 'resolve') return [];
    const workspace = workspaceOf(project, specifier);
    const target = workspace ? exportedSource(workspace, specifier) : relativeTarget(file.path, specifier);
    return target === undefined ? [] : [target];
  });
}

/** Strongly connected components, by Tarjan's algorithm. */
function components(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, { index: number; low: number; open: boolean }>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (node: string) => {
    const state = { index: order.size, low: order.size, open: true };
    order.set(node, state);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      const known = order.get(next) ?? visit(next);
      if (known.open) state.low = Math.min(state.low, known.low);
    }
    if (state.low === state.index) found.push(close(node, stack, order));
    return state;
  };
  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return found;
}

function close(node: string, stack: string[], order: Map<string, { open: boolean }>): string[] {
  const component = stack.splice(stack.lastIndexOf(node));
  for (const member of component) {
    const state = order.get(member);
    if (state) state.open = false;
  }
  return component;
}
