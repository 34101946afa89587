import type { ClassFacts, FunctionFacts, Scope } from './module-facts.ts';
import { keyName, type SyntaxNode } from './syntax.ts';

/** One name that a pattern introduces, and the way to its value. */
interface PatternName {
  readonly name: string;
  readonly path: readonly string[];
  readonly fallback: SyntaxNode | undefined;
}

/** Adds what `const PATTERN = init` declares to the scope. */
export function bindDeclaration(pattern: SyntaxNode, init: SyntaxNode | undefined, scope: Scope): void {
  for (const { name, path, fallback } of namesOf(pattern, [], undefined)) {
    scope.bindings.set(name, { kind: 'variable', name, init, path, fallback, scope, assignments: [] });
  }
}

/** The name of an import or export, which may be written as a text. */
export function exportedName(node: SyntaxNode): string {
  return node.type === 'Literal' ? String(node.value) : (node as { name: string }).name;
}

/** Adds the parameters of a function to its scope. */
export function bindParams(params: readonly SyntaxNode[], fn: FunctionFacts, scope: Scope): void {
  params.forEach((param, index) => {
    const pattern = param.type === 'TSParameterProperty' ? (param.parameter as SyntaxNode) : param;
    for (const { name, path, fallback } of namesOf(pattern, [], undefined)) {
      const type = typeName(pattern);
      const optional = 'optional' in pattern && pattern.optional === true;
      scope.bindings.set(name, { kind: 'param', name, fn, index, path, fallback, type, optional, scope });
    }
  });
}

/** The variable of this name in the nearest scope that has one. */
export function findVariable(scope: Scope, name: string) {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
    const binding = at.bindings.get(name);
    if (binding !== undefined) return binding.kind === 'variable' ? binding : undefined;
  }
  return undefined;
}

/** `constructor(private http: HttpClient)` declares fields. */
export function declareConstructor(fn: FunctionFacts, cls: ClassFacts): void {
  cls.construct = fn;
  for (const param of fn.node.params as SyntaxNode[]) {
    if (param.type !== 'TSParameterProperty') continue;
    const pattern = param.parameter as SyntaxNode;
    const target = pattern.type === 'AssignmentPattern' ? (pattern.left as SyntaxNode) : pattern;
    if (target.type === 'Identifier') cls.fields.set(target.name, { node: target, scope: fn.scope });
  }
}

function namesOf(
  pattern: SyntaxNode,
  path: readonly string[],
  fallback: SyntaxNode | undefined,
): readonly PatternName[] {
  switch (pattern.type) {
    case 'Identifier':
      return [{ name: pattern.name, path, fallback }];
    case 'AssignmentPattern':
      return namesOf(pattern.left as SyntaxNode, path, pattern.right);
    case 'RestElement':
      return namesOf(pattern.argument as SyntaxNode, [...path, '...'], undefined);
    case 'ObjectPattern':
      return pattern.properties.flatMap(property => {
        if (property.type === 'RestElement') return namesOf(property.argument as SyntaxNode, path, undefined);
        const key = keyName(property.key as SyntaxNode, property.computed) ?? '?';
        return namesOf(property.value as SyntaxNode, [...path, key], undefined);
      });
    case 'ArrayPattern':
      return pattern.elements.flatMap((element, index) =>
        element === null ? [] : namesOf(element as SyntaxNode, [...path, String(index)], undefined),
      );
    default:
      return [];
  }
}

function typeName(pattern: SyntaxNode): string | undefined {
  const target = pattern.type === 'AssignmentPattern' ? (pattern.left as SyntaxNode) : pattern;
  const annotation = 'typeAnnotation' in target ? (target.typeAnnotation as SyntaxNode | null) : null;
  if (annotation?.type !== 'TSTypeAnnotation' || annotation.typeAnnotation.type !== 'TSTypeReference')
    return undefined;
  const { typeName: name } = annotation.typeAnnotation;
  return name.type === 'Identifier' ? name.name : undefined;
}
