import { visitorKeys } from 'oxc-parser';
import { bindDeclaration, bindParams, declareConstructor, exportedName, findVariable } from './bindings.ts';
import type { ClassFacts, Frame, FunctionFacts, Mark, ModuleFacts, Scope } from './module-facts.ts';
import {
  bare,
  type CallNode,
  type ClassNode,
  type FunctionNode,
  keyName,
  type MethodNode,
  memberName,
  type SyntaxNode,
} from './syntax.ts';

/** Where the walk is. */
interface Place {
  readonly scope: Scope;
  readonly frame: Frame | undefined;
}

type Walk = (node: never, place: Place) => void;

let nextId = 0;

/** Nodes in which nothing is declared or called. */
const EMPTY = new Set([
  'JSXClosingElement',
  'JSXClosingFragment',
  'JSXIdentifier',
  'JSXText',
  'TemplateElement',
]);

/** Reads syntax trees, each once, from the top down. */
class ModuleWalker {
  /** What to do with a node of each type, those of types left out. */
  readonly #walks = new Map<string, Walk>();

  constructor() {
    const children: Walk = (node, place) => this.#children(node, place);
    for (const type of Object.keys(visitorKeys))
      if (!EMPTY.has(type) && (!type.startsWith('TS') || type === 'TSExportAssignment'))
        this.#walks.set(type, children);
    for (const [type, walk] of Object.entries(this.#table())) this.#walks.set(type, walk);
  }

  walkProgram(program: SyntaxNode, { scope }: ModuleFacts): void {
    this.#children(program, { scope, frame: undefined });
  }

  #walk(node: SyntaxNode, place: Place): void {
    const walk = this.#walks.get(node.type) as ((node: SyntaxNode, place: Place) => void) | undefined;
    walk?.(node, place);
  }

  /** What `forEachChild` does, without a function for each node: half of a run is spent before code is compiled. */
  #children(node: SyntaxNode, place: Place): void {
    const fields = node as unknown as Record<string, unknown>;
    for (const key of visitorKeys[node.type] ?? []) {
      const value = fields[key];
      if (Array.isArray(value)) {
        for (const item of value) if (item !== null) this.#walk(item as SyntaxNode, place);
      } else if (value !== null && value !== undefined) this.#walk(value as SyntaxNode, place);
    }
  }

  #framed(node: SyntaxNode, { scope, frame }: Place): void {
    this.#children(node, { scope, frame: { node, parent: frame } });
  }

  #block(node: SyntaxNode, { scope, frame }: Place): void {
    const inner: Scope = { ...scope, parent: scope, bindings: new Map() };
    this.#children(node, { scope: inner, frame: { node, parent: frame } });
  }

  #mark(kind: Mark['kind'], node: SyntaxNode, { scope, frame }: Place): void {
    scope.module.marks.push({ kind, node, scope, frame: { node, parent: frame } });
  }

  #table(): Readonly<Record<string, Walk>> {
    const framed = (node: SyntaxNode, place: Place) => this.#framed(node, place);
    const block = (node: SyntaxNode, place: Place) => this.#block(node, place);
    const cast = (node: SyntaxNode & { expression: SyntaxNode }, place: Place) =>
      this.#walk(node.expression, place);
    const onFunction = (node: FunctionNode, place: Place) => {
      if (node.body !== null) this.#function(node, place, propertyName(place.frame));
    };
    const onCall = (node: CallNode, place: Place) => this.#call(node, place);
    const onClass = (node: ClassNode, place: Place) => this.#class(node, place);
    return {
      TSAsExpression: cast,
      TSSatisfiesExpression: cast,
      TSNonNullExpression: cast,
      TSTypeAssertion: cast,
      TSInstantiationExpression: cast,
      TSEnumDeclaration: (node: Extract<SyntaxNode, { type: 'TSEnumDeclaration' }>, { scope }: Place) => {
        scope.bindings.set(node.id.name, { kind: 'enum', node });
      },
      FunctionDeclaration: onFunction,
      FunctionExpression: onFunction,
      ArrowFunctionExpression: onFunction,
      ClassDeclaration: onClass,
      ClassExpression: onClass,
      CallExpression: onCall,
      NewExpression: onCall,
      BlockStatement: block,
      StaticBlock: block,
      ForStatement: (node: SyntaxNode, place: Place) => this.#loop(node, place),
      ForOfStatement: block,
      ForInStatement: block,
      WhileStatement: (node: SyntaxNode, place: Place) => this.#loop(node, place),
      DoWhileStatement: (node: SyntaxNode, place: Place) => this.#loop(node, place),
      SwitchStatement: block,
      SwitchCase: framed,
      IfStatement: framed,
      ConditionalExpression: framed,
      LogicalExpression: framed,
      TryStatement: framed,
      CatchClause: (node: Extract<SyntaxNode, { type: 'CatchClause' }>, place: Place) =>
        this.#catch(node, place),
      ...this.#expressions(framed),
      ...this.#exports(),
    };
  }

  #expressions(framed: (node: SyntaxNode, place: Place) => void): Readonly<Record<string, Walk>> {
    return {
      ReturnStatement: (node: Extract<SyntaxNode, { type: 'ReturnStatement' }>, place: Place) => {
        if (node.argument !== null) place.scope.fn?.returns.push({ node: node.argument, scope: place.scope });
        this.#framed(node, place);
      },
      VariableDeclaration: (node: Extract<SyntaxNode, { type: 'VariableDeclaration' }>, place: Place) =>
        this.#variables(node, place),
      AssignmentExpression: (node: Extract<SyntaxNode, { type: 'AssignmentExpression' }>, place: Place) =>
        this.#assignment(node, place),
      MemberExpression: (node: Extract<SyntaxNode, { type: 'MemberExpression' }>, place: Place) => {
        const name = memberName(node);
        if (name === 'response') this.#mark('response', node, place);
        this.#framed(node, place);
      },
      Property: framed,
      Identifier: (node: Extract<SyntaxNode, { type: 'Identifier' }>, place: Place) => {
        if (node.decorators !== undefined && node.decorators.length > 0) this.#children(node, place);
      },
      TemplateLiteral: (node: Extract<SyntaxNode, { type: 'TemplateLiteral' }>, place: Place) => {
        if (node.quasis.some(({ value }) => value.raw.includes('Bearer '))) this.#mark('bearer', node, place);
        this.#framed(node, place);
      },
      Literal: (node: Extract<SyntaxNode, { type: 'Literal' }>, place: Place) => {
        if (node.value === 403) this.#mark('status', node, place);
        else if (node.value === 'Bearer ') this.#mark('bearer', node, place);
      },
    };
  }

  #exports(): Readonly<Record<string, Walk>> {
    return {
      ImportDeclaration: (node: Extract<SyntaxNode, { type: 'ImportDeclaration' }>, place: Place) =>
        this.#import(node, place),
      ExportNamedDeclaration: (node: Extract<SyntaxNode, { type: 'ExportNamedDeclaration' }>, place: Place) =>
        this.#exportNamed(node, place),
      ExportDefaultDeclaration: (
        node: Extract<SyntaxNode, { type: 'ExportDefaultDeclaration' }>,
        place: Place,
      ) => {
        const { declaration } = node;
        const named = 'id' in declaration && declaration.id !== null && 'name' in declaration.id;
        place.scope.module.exports.set(
          'default',
          named
            ? { kind: 'local', name: (declaration.id as { name: string }).name }
            : { kind: 'expression', node: declaration },
        );
        this.#walk(declaration, place);
      },
      ExportAllDeclaration: (
        node: Extract<SyntaxNode, { type: 'ExportAllDeclaration' }>,
        { scope: { module } }: Place,
      ) => {
        if (node.exportKind === 'type') return;
        const request = node.source.value;
        if (node.exported === null) module.exportAll.push(request);
        else module.exports.set(exportedName(node.exported), { kind: 'from', request, name: '*' });
      },
    };
  }

  #loop(node: SyntaxNode, place: Place): void {
    this.#mark('loop', node, place);
    this.#block(node, place);
  }

  #catch(node: Extract<SyntaxNode, { type: 'CatchClause' }>, place: Place): void {
    const scope: Scope = { ...place.scope, parent: place.scope, bindings: new Map() };
    if (node.param?.type === 'Identifier')
      scope.bindings.set(node.param.name, { kind: 'caught', name: node.param.name });
    const frame: Frame = { node, parent: place.frame };
    this.#mark('handler', node, place);
    this.#walk(node.body, { scope, frame });
  }

  #variables(node: Extract<SyntaxNode, { type: 'VariableDeclaration' }>, place: Place): void {
    if (node.declare) return;
    for (const declarator of node.declarations) {
      bindDeclaration(declarator.id, declarator.init ?? undefined, place.scope);
      const init = declarator.init === null ? undefined : bare(declarator.init);
      if (init !== undefined && isFunctionExpression(init) && declarator.id.type === 'Identifier')
        this.#function(
          init,
          { ...place, frame: { node: declarator, parent: place.frame } },
          declarator.id.name,
        );
      else this.#framed(declarator, place);
    }
  }

  #assignment(node: Extract<SyntaxNode, { type: 'AssignmentExpression' }>, place: Place): void {
    const { left, right, operator } = node;
    if (left.type === 'Identifier')
      findVariable(place.scope, left.name)?.assignments.push({ operator, value: right, scope: place.scope });
    if (left.type === 'MemberExpression') this.#assignMember(left, right, place);
    this.#mark('assignment', node, place);
    this.#framed(node, place);
  }

  #assignMember(
    left: Extract<SyntaxNode, { type: 'MemberExpression' }>,
    right: SyntaxNode,
    { scope }: Place,
  ): void {
    const name = memberName(left);
    if (name === undefined || bare(left.object).type !== 'ThisExpression') return;
    const isFirst = scope.cls !== undefined && !scope.cls.fields.has(name);
    const inConstructor = scope.fn !== undefined && scope.fn === scope.cls?.construct;
    if (scope.cls !== undefined && (isFirst || inConstructor))
      scope.cls.fields.set(name, { node: right, scope });
  }

  #call(node: CallNode, place: Place): void {
    const frame: Frame = { node, parent: place.frame };
    const { scope } = place;
    const site = { node, scope, frame, fn: scope.fn, module: scope.module };
    scope.module.sites.push(site);
    scope.fn?.sites.push(site);
    if (node.type === 'CallExpression' && node.callee.type === 'Super' && scope.cls !== undefined)
      scope.cls.superCall = { node, scope };
    this.#walk(node.callee, { scope, frame });
    for (const argument of node.arguments) this.#walk(argument, { scope, frame });
  }

  #function(
    node: FunctionNode,
    place: Place,
    given: string | undefined,
    constructs?: ClassFacts,
  ): FunctionFacts {
    const { scope: outer } = place;
    const frame: Frame = { node, parent: place.frame };
    const scope: Scope = { ...outer, parent: outer, bindings: new Map() };
    nextId += 1;
    const name = node.id?.name ?? given ?? '';
    const fn: FunctionFacts = {
      ...{ id: nextId, name, node, module: outer.module, scope, parent: outer.fn, cls: outer.cls, frame },
      ...{ sites: [], returns: [], inner: [] },
    };
    Object.assign(scope, { fn });
    if (constructs !== undefined) declareConstructor(fn, constructs);
    outer.fn?.inner.push(fn);
    outer.module.functions.push(fn);
    functionsByNode.set(node, fn);
    if (node.type === 'FunctionDeclaration' && node.id)
      outer.bindings.set(node.id.name, { kind: 'function', fn });
    bindParams(node.params as SyntaxNode[], fn, scope);
    const inside: Place = { scope, frame };
    for (const param of node.params as SyntaxNode[]) this.#walk(param, inside);
    if (node.body === null) return fn;
    if (node.body.type === 'BlockStatement') this.#children(node.body, inside);
    else {
      fn.returns.push({ node: node.body, scope });
      this.#walk(node.body, inside);
    }
    return fn;
  }

  #class(node: ClassNode, { scope: outer, frame }: Place): void {
    nextId += 1;
    const name = (node.id as { name: string } | null)?.name ?? '';
    const cls: ClassFacts = {
      ...{ name, self: { id: nextId, name: 'this' }, superclass: node.superClass ?? undefined },
      ...{
        scope: outer,
        methods: new Map(),
        fields: new Map(),
        empty: new Set(),
        construct: undefined,
        superCall: undefined,
      },
    };
    outer.module.classes.push(cls);
    classesByNode.set(node, cls);
    if (name !== '') outer.bindings.set(name, { kind: 'class', cls });
    const scope: Scope = { parent: outer, bindings: new Map(), module: outer.module, fn: outer.fn, cls };
    const inside: Place = { scope, frame: { node, parent: frame } };
    if (node.superClass !== null) this.#walk(node.superClass, inside);
    for (const member of node.body.body) this.#member(member as SyntaxNode, cls, inside);
  }

  #member(member: SyntaxNode, cls: ClassFacts, place: Place): void {
    if (member.type === 'MethodDefinition') this.#method(member, cls, place);
    else if (member.type !== 'PropertyDefinition') this.#walk(member, place);
    else {
      const key = keyName(member.key, member.computed);
      const isEmpty =
        member.value === null || (member.value.type === 'Literal' && member.value.value === null);
      if (key !== undefined && isEmpty) cls.empty.add(key);
      if (member.value === null) return;
      if (key !== undefined) cls.fields.set(key, { node: member.value, scope: place.scope });
      this.#walk(member.value, place);
    }
  }

  #method({ key: keyNode, computed, kind, value }: MethodNode, cls: ClassFacts, place: Place): void {
    if (value.body === null) return;
    const key = keyName(keyNode, computed);
    const fn = this.#function(value, place, key, kind === 'constructor' ? cls : undefined);
    if (kind === 'constructor' || key === undefined) return;
    const [returned] = fn.returns;
    if (kind !== 'get') cls.methods.set(key, fn);
    else if (returned !== undefined) cls.fields.set(key, returned);
  }

  #import(node: Extract<SyntaxNode, { type: 'ImportDeclaration' }>, { scope }: Place): void {
    if (node.importKind === 'type') return;
    for (const specifier of node.specifiers) {
      if (specifier.type === 'ImportSpecifier' && specifier.importKind === 'type') continue;
      const name =
        specifier.type === 'ImportSpecifier'
          ? exportedName(specifier.imported)
          : specifier.type === 'ImportDefaultSpecifier'
            ? 'default'
            : '*';
      scope.module.scope.bindings.set(specifier.local.name, {
        kind: 'import',
        request: node.source.value,
        name,
      });
    }
  }

  #exportNamed(node: Extract<SyntaxNode, { type: 'ExportNamedDeclaration' }>, place: Place): void {
    if (node.exportKind === 'type') return;
    const { exports } = place.scope.module;
    for (const specifier of node.specifiers) {
      if (specifier.exportKind === 'type') continue;
      const name = exportedName(specifier.local);
      exports.set(
        exportedName(specifier.exported),
        node.source === null ? { kind: 'local', name } : { kind: 'from', request: node.source.value, name },
      );
    }
    if (node.declaration === null) return;
    const { bindings } = place.scope;
    const before = bindings.size;
    this.#walk(node.declaration, place);
    if (bindings.size === before) return;
    for (const name of [...bindings.keys()].slice(before)) exports.set(name, { kind: 'local', name });
  }
}

const walker = new ModuleWalker();

/** Fills the facts of a module with what its syntax tree declares, exports and calls. */
export function walkProgram(program: SyntaxNode, module: ModuleFacts): void {
  walker.walkProgram(program, module);
}

const functionsByNode = new WeakMap<SyntaxNode, FunctionFacts>();
const classesByNode = new WeakMap<SyntaxNode, ClassFacts>();

export function functionOf(node: SyntaxNode): FunctionFacts | undefined {
  return functionsByNode.get(node);
}

export function classOf(node: SyntaxNode): ClassFacts | undefined {
  return classesByNode.get(node);
}

function isFunctionExpression(node: SyntaxNode): node is FunctionNode {
  return node.type === 'ArrowFunctionExpression' || node.type === 'FunctionExpression';
}

/** The key of the property that is being walked, which names the function that it holds. */
function propertyName(frame: Frame | undefined): string | undefined {
  return frame?.node.type === 'Property'
    ? keyName(frame.node.key as SyntaxNode, frame.node.computed)
    : undefined;
}
