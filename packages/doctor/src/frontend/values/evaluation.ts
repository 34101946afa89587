import type { ClassFacts, FunctionFacts, ParamOwner, Scope } from '../read/module-facts.ts';
import type { SyntaxNode } from '../read/syntax.ts';
import type { Arguments, ParamValue, Value } from './value.ts';

/** What the parts of the evaluator ask of the whole. */
export interface Evaluation {
  readonly constructed: Map<ParamOwner, readonly (readonly Value[])[]>;
  evaluate(input: SyntaxNode, scope: Scope): Value;
  argumentsOf(nodes: readonly SyntaxNode[], scope: Scope): readonly Value[];
  bind(value: Value, args: Arguments): Value;
  resultOf(fn: FunctionFacts): Value;
  exported(path: string, name: string): Value;
  classMember(cls: ClassFacts, name: string, bound: Arguments): Value | undefined;
  ownMember(cls: ClassFacts, name: string, self: ParamValue): Value;
  superclassOf(cls: ClassFacts): ClassFacts | undefined;
}
