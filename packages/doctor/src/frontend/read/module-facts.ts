import type { CallNode, FunctionNode, SyntaxNode } from './syntax.ts';

/** A chain of the nodes around a place, from the inside out; only nodes that decide whether a place is reached. */
export interface Frame {
  readonly node: SyntaxNode;
  readonly parent: Frame | undefined;
}

export interface Scope {
  readonly parent: Scope | undefined;
  readonly bindings: Map<string, Binding>;
  readonly module: ModuleFacts;
  readonly fn: FunctionFacts | undefined;
  readonly cls: ClassFacts | undefined;
}

export interface Assignment {
  readonly operator: string;
  readonly value: SyntaxNode;
  readonly scope: Scope;
}

/** What a name stands for. `path` leads into the value through a destructuring pattern. */
export type Binding =
  | {
      readonly kind: 'variable';
      readonly name: string;
      readonly init: SyntaxNode | undefined;
      readonly path: readonly string[];
      readonly fallback: SyntaxNode | undefined;
      readonly scope: Scope;
      readonly assignments: Assignment[];
    }
  | { readonly kind: 'function'; readonly fn: FunctionFacts }
  | { readonly kind: 'class'; readonly cls: ClassFacts }
  | { readonly kind: 'import'; readonly request: string; readonly name: string }
  | {
      readonly kind: 'param';
      readonly name: string;
      readonly fn: FunctionFacts;
      readonly index: number;
      readonly path: readonly string[];
      readonly fallback: SyntaxNode | undefined;
      readonly type: string | undefined;
      /** Whether it is declared with `?`. */
      readonly optional: boolean;
      readonly scope: Scope;
    }
  | { readonly kind: 'enum'; readonly node: Extract<SyntaxNode, { type: 'TSEnumDeclaration' }> }
  | { readonly kind: 'caught'; readonly name: string };

/** Identifies a function, or the `this` of a class, whose arguments are known only to callers. */
export interface ParamOwner {
  readonly id: number;
  readonly name: string;
}

export interface FunctionFacts extends ParamOwner {
  readonly node: FunctionNode;
  readonly module: ModuleFacts;
  readonly scope: Scope;
  readonly parent: FunctionFacts | undefined;
  readonly cls: ClassFacts | undefined;
  readonly frame: Frame | undefined;
  readonly sites: Site[];
  readonly returns: { readonly node: SyntaxNode; readonly scope: Scope }[];
  readonly inner: FunctionFacts[];
}

/** What a field of a class is set to. */
export interface ClassField {
  readonly node: SyntaxNode;
  readonly scope: Scope;
}

export interface ClassFacts {
  readonly name: string;
  readonly self: ParamOwner;
  readonly superclass: SyntaxNode | undefined;
  readonly scope: Scope;
  readonly methods: Map<string, FunctionFacts>;
  readonly fields: Map<string, ClassField>;
  /** Fields that are declared without a value, or with null. */
  readonly empty: Set<string>;
  construct: FunctionFacts | undefined;
  superCall: { readonly node: CallNode; readonly scope: Scope } | undefined;
}

/** A call in the source, and where it stands. */
export interface Site {
  readonly node: CallNode;
  readonly scope: Scope;
  readonly frame: Frame;
  readonly fn: FunctionFacts | undefined;
  readonly module: ModuleFacts;
}

/** A place that some check wants to look at again once all calls are known. */
export interface Mark {
  readonly kind:
    | 'response'
    | 'bearer'
    | 'status'
    | 'handler'
    | 'loop'
    | 'assignment'
    | 'member'
    | 'spread-call';
  readonly node: SyntaxNode;
  readonly scope: Scope;
  readonly frame: Frame;
}

export type ExportEntry =
  | { readonly kind: 'local'; readonly name: string }
  | { readonly kind: 'expression'; readonly node: SyntaxNode }
  | { readonly kind: 'from'; readonly request: string; readonly name: string };

/** What the map knows of one source file. */
export interface ModuleFacts {
  /** Relative to the directory that is mapped, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly generated: boolean;
  readonly scope: Scope;
  readonly exports: Map<string, ExportEntry>;
  readonly exportAll: string[];
  readonly sites: Site[];
  readonly functions: FunctionFacts[];
  readonly classes: ClassFacts[];
  readonly marks: Mark[];
}

/** The position of an offset: lines and columns count from 1. */
export function positionOf(text: string, offset: number): { line: number; column: number } {
  let line = 1;
  let start = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) {
    line += 1;
    start = at + 1;
  }
  return { line, column: offset - start + 1 };
}
