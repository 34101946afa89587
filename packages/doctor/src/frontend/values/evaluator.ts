import type {
  Binding,
  ClassFacts,
  ClassField,
  FunctionFacts,
  ModuleFacts,
  ParamOwner,
  Scope,
} from '../read/module-facts.ts';
import { classOf, functionOf } from '../read/module-walker.ts';
import { bare, keyName, memberName, type SyntaxNode } from '../read/syntax.ts';
import { bind, renewBudget } from './bind.ts';
import { callValue, newValue } from './call-values.ts';
import { conditional } from './conditions.ts';
import type { Evaluation } from './evaluation.ts';
import { globalValue, libraryValue } from './globals.ts';
import { enumValue, literalValue, withFallback } from './literals.ts';
import { readMember } from './members.ts';
import {
  type Arguments,
  choice,
  concatenate,
  literalOf,
  NO_ARGUMENTS,
  NOTHING,
  native,
  type ParamValue,
  text,
  unknown,
  type Value,
} from './value.ts';

/** Finds the module that an import names: a path of the tree, or undefined for everything outside it. */
export type Resolve = (from: string, request: string) => string | undefined;

/** The modules of the program by their paths. */
export interface ModuleSource {
  get(path: string): ModuleFacts | undefined;
}

const MAX_DEPTH = 60;
const CLIENT_TYPES: Readonly<Record<string, string>> = {
  AxiosInstance: 'axios',
  AxiosStatic: 'axios',
  KyInstance: 'ky',
  HttpClient: 'angular',
};

/** Finds what expressions stand for, through variables, imports, classes and functions, without running anything. */
export class Evaluator implements Evaluation {
  readonly #modules: ModuleSource;
  readonly #resolve: Resolve;
  readonly #bindings = new Map<Binding, Value>();
  readonly #nodes = new Map<SyntaxNode, Value>();
  readonly #fields = new Map<ClassField, Value>();
  readonly #results = new Map<FunctionFacts, Value>();
  readonly #exports = new Map<string, Value>();
  /** What constructors were given, as far as some `new` shows it. */
  readonly constructed = new Map<ParamOwner, readonly (readonly Value[])[]>();
  #depth = 0;
  #binding = 0;

  constructor(modules: ModuleSource, resolve: Resolve) {
    this.#modules = modules;
    this.#resolve = resolve;
  }

  /** The value of an expression in its scope. Never throws: what cannot be known is `unknown`. */
  evaluate(input: SyntaxNode, scope: Scope): Value {
    const node = bare(input);
    if (this.#depth > MAX_DEPTH) return unknown('value');
    this.#depth += 1;
    try {
      return this.#evaluate(node, scope);
    } finally {
      this.#depth -= 1;
    }
  }

  #evaluate(node: SyntaxNode, scope: Scope): Value {
    switch (node.type) {
      case 'Literal':
        return literalValue(node.value);
      case 'Identifier':
        return this.#identifier(node.name, scope);
      case 'ThisExpression':
        return scope.cls === undefined
          ? unknown('this')
          : { kind: 'param', owner: scope.cls.self, index: 0, path: [], name: 'this', cls: scope.cls };
      case 'MetaProperty':
        return native('import.meta');
      case 'MemberExpression':
        return this.#member(node, scope);
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
      case 'FunctionDeclaration': {
        const fn = functionOf(node);
        return fn === undefined ? unknown('function') : { kind: 'function', fn, bound: NO_ARGUMENTS };
      }
      case 'ClassDeclaration':
      case 'ClassExpression': {
        const cls = classOf(node);
        return cls === undefined ? unknown('class') : { kind: 'class', cls };
      }
      case 'CallExpression':
      case 'NewExpression':
        return this.#remembered(node, () =>
          node.type === 'NewExpression' ? newValue(this, node, scope) : callValue(this, node, scope),
        );
      default:
        return this.#operation(node, scope);
    }
  }

  #operation(node: SyntaxNode, scope: Scope): Value {
    switch (node.type) {
      case 'TemplateLiteral':
        return concatenate(
          node.quasis.flatMap((quasi, index) => {
            const expression = node.expressions[index];
            const before = text(quasi.value.cooked ?? quasi.value.raw);
            return expression === undefined ? [before] : [before, this.evaluate(expression, scope)];
          }),
        );
      case 'BinaryExpression':
        return node.operator === '+'
          ? concatenate([this.evaluate(node.left, scope), this.evaluate(node.right, scope)])
          : unknown('value');
      case 'LogicalExpression':
        return this.#logical(node, scope);
      case 'ConditionalExpression':
        return conditional(this, node, scope);
      case 'ObjectExpression':
        return this.#remembered(node, () => this.#object(node, scope));
      case 'ArrayExpression':
        return {
          kind: 'list',
          items: node.elements.map(element =>
            element === null || element.type === 'SpreadElement'
              ? unknown('item')
              : this.evaluate(element, scope),
          ),
        };
      case 'AssignmentExpression':
        return this.evaluate(node.right, scope);
      case 'SequenceExpression': {
        const last = node.expressions.at(-1);
        return last === undefined ? NOTHING : this.evaluate(last, scope);
      }
      case 'UnaryExpression':
        return node.operator === 'void' ? NOTHING : unknown('value');
      default:
        return unknown('value');
    }
  }

  #remembered(node: SyntaxNode, find: () => Value): Value {
    const known = this.#nodes.get(node);
    if (known !== undefined) return known;
    this.#nodes.set(node, unknown('value'));
    const value = find();
    this.#nodes.set(node, value);
    return value;
  }

  #identifier(name: string, scope: Scope): Value {
    const binding = findBinding(scope, name);
    if (binding === undefined) return name === 'process' ? native('process') : globalValue(name);
    return this.bindingValue(binding, scope.module);
  }

  /** What a declared name stands for. */
  bindingValue(binding: Binding, module: ModuleFacts): Value {
    const known = this.#bindings.get(binding);
    if (known !== undefined) return known;
    this.#bindings.set(binding, unknown('name' in binding ? binding.name : 'value'));
    const value = this.#readBinding(binding, module);
    this.#bindings.set(binding, value);
    return value;
  }

  #readBinding(binding: Binding, module: ModuleFacts): Value {
    switch (binding.kind) {
      case 'function':
        return { kind: 'function', fn: binding.fn, bound: NO_ARGUMENTS };
      case 'class':
        return { kind: 'class', cls: binding.cls };
      case 'import':
        return this.#imported(module.path, binding.request, binding.name);
      case 'param':
        return this.#param(binding);
      case 'variable':
        return this.#variable(binding);
      case 'enum':
        return enumValue(binding.node);
      default:
        return unknown(binding.name);
    }
  }

  #param(binding: Extract<Binding, { kind: 'param' }>): Value {
    const { name, fn, index, path, type, optional, fallback, scope } = binding;
    if (path.at(-1) === 'fetch' && /(?:^|\/)\+(?:page|layout|server)/.test(fn.module.path))
      return native('fetch');
    const param: Value = {
      ...{ kind: 'param', owner: fn, index, path, name, type },
      ...(optional ? { optional } : {}),
      ...(fallback === undefined ? {} : { fallback: this.evaluate(fallback, scope) }),
    };
    const library = type === undefined ? undefined : CLIENT_TYPES[type];
    if (library === undefined) return param;
    const base: Value = { ...param, path: [...path, '$base'], name: `${name}.base` };
    return { kind: 'client', client: { library, base, credentials: false, at: undefined } };
  }

  #variable(binding: Extract<Binding, { kind: 'variable' }>): Value {
    const { name, init, path, fallback, scope, assignments } = binding;
    let value: Value = init === undefined ? NOTHING : this.evaluate(init, scope);
    for (const step of path) value = readMember(this, value, step);
    if (fallback !== undefined) value = withFallback(value, () => this.evaluate(fallback, scope));
    if (init === undefined && assignments.length === 0) return unknown(name);
    const values = assignments.map(({ operator, value: node, scope: inner }) => {
      const assigned = this.evaluate(node, inner);
      return operator === '+=' ? concatenate([value, assigned]) : assigned;
    });
    const all = choice([...(value.kind === 'nothing' && values.length > 0 ? [] : [value]), ...values]);
    const wasEmpty = value.kind === 'nothing' && all.kind === 'unknown' && all.nullable === undefined;
    const nullable = wasEmpty && init !== undefined ? { nullable: name } : {};
    return all.kind === 'unknown' ? { ...all, name, ...nullable } : all;
  }

  #imported(from: string, request: string, name: string): Value {
    const path = this.#resolve(from, request);
    if (path === undefined)
      return libraryValue(request, name) ?? unknown(name === 'default' ? request : name);
    return name === '*' ? native(`module:${path}`) : this.exported(path, name);
  }

  /** What a module of the tree exports under a name. */
  exported(path: string, name: string): Value {
    const key = `${path}\n${name}`;
    const known = this.#exports.get(key);
    if (known !== undefined) return known;
    this.#exports.set(key, unknown(name));
    const value = this.#readExport(path, name);
    this.#exports.set(key, value);
    return value;
  }

  #readExport(path: string, name: string): Value {
    const module = this.#modules.get(path);
    const entry = module?.exports.get(name);
    if (module === undefined) return unknown(name);
    if (entry?.kind === 'from') return this.#imported(path, entry.request, entry.name);
    if (entry?.kind === 'expression') return this.evaluate(entry.node, module.scope);
    if (entry?.kind === 'local') return this.#identifier(entry.name, module.scope);
    for (const request of module.exportAll) {
      const value = this.#imported(path, request, name);
      if (value.kind !== 'unknown') return value;
    }
    return unknown(name);
  }

  #member(node: Extract<SyntaxNode, { type: 'MemberExpression' }>, scope: Scope): Value {
    const name = memberName(node);
    const key = name === undefined ? this.evaluate(node.property as SyntaxNode, scope) : undefined;
    const read = name ?? literalOf(key);
    const object = this.evaluate(node.object, scope);
    return read === undefined ? this.#anyMember(object, key) : readMember(this, object, read);
  }

  /** A member under a key that is only known at run time: any of a few. */
  #anyMember(object: Value, key: Value | undefined): Value {
    if (object.kind !== 'object' || key?.kind !== 'param') return unknown('value');
    return choice([...object.entries.values()]);
  }

  /** A member of `this`: what the class or its superclasses say, or else what only a subclass or a caller knows. */
  ownMember(cls: ClassFacts, name: string, self: ParamValue): Value {
    const parents = new Map<ParamOwner, readonly Value[]>();
    for (let at = this.superclassOf(cls); at !== undefined; at = this.superclassOf(at))
      parents.set(at.self, [self]);
    const found = this.classMember(cls, name, parents);
    const empty = found === undefined || found.kind === 'nothing' || literalOf(found) === '';
    return empty ? { ...self, path: [name], name } : found;
  }

  /** A method or field of a class or of one of its superclasses. */
  classMember(cls: ClassFacts, name: string, bound: Arguments): Value | undefined {
    const method = cls.methods.get(name);
    if (method !== undefined) return { kind: 'function', fn: method, bound };
    const field = cls.fields.get(name);
    if (field !== undefined) return this.bind(this.#field(field), bound);
    const parent = this.superclassOf(cls);
    return parent === undefined
      ? undefined
      : this.classMember(parent, name, this.#superBound(cls, parent, bound));
  }

  #field(field: ClassField): Value {
    const known = this.#fields.get(field);
    if (known !== undefined) return known;
    this.#fields.set(field, unknown('value'));
    const value = this.evaluate(field.node, field.scope);
    this.#fields.set(field, value);
    return value;
  }

  superclassOf(cls: ClassFacts): ClassFacts | undefined {
    if (cls.superclass === undefined) return undefined;
    const value = this.evaluate(cls.superclass, cls.scope);
    return value.kind === 'class' && value.cls !== cls ? value.cls : undefined;
  }

  #superBound(cls: ClassFacts, parent: ClassFacts, bound: Arguments): Arguments {
    if (parent.construct === undefined || cls.superCall === undefined) return bound;
    const { node, scope } = cls.superCall;
    const args = this.argumentsOf(node.arguments as SyntaxNode[], scope).map(value =>
      this.bind(value, bound),
    );
    return new Map<ParamOwner, readonly Value[]>([...bound, [parent.construct, args]]);
  }

  bind(value: Value, args: Arguments): Value {
    if (this.#binding === 0) renewBudget();
    this.#binding += 1;
    try {
      return bind(value, args, (inner, name) => readMember(this, inner, name));
    } finally {
      this.#binding -= 1;
    }
  }

  argumentsOf(nodes: readonly SyntaxNode[], scope: Scope): readonly Value[] {
    return nodes.map(node =>
      node.type === 'SpreadElement' ? unknown('arguments') : this.evaluate(node, scope),
    );
  }

  /** What a function returns, with its parameters in place. */
  resultOf(fn: FunctionFacts): Value {
    const known = this.#results.get(fn);
    if (known !== undefined) return known;
    this.#results.set(fn, unknown(fn.name));
    const returned = fn.returns.map(({ node, scope }) => this.evaluate(node, scope));
    const value = returned.length === 0 ? NOTHING : choice(returned);
    const named: Value = value.kind === 'unknown' && fn.name !== '' ? { ...value, name: fn.name } : value;
    this.#results.set(fn, named);
    return named;
  }

  #logical(node: Extract<SyntaxNode, { type: 'LogicalExpression' }>, scope: Scope): Value {
    const left = this.evaluate(node.left, scope);
    if (node.operator === '&&') return choice([NOTHING, this.evaluate(node.right, scope)]);
    return withFallback(left, () => this.evaluate(node.right, scope));
  }

  #object(node: Extract<SyntaxNode, { type: 'ObjectExpression' }>, scope: Scope): Value {
    const entries = new Map<string, Value>();
    for (const property of node.properties) {
      if (property.type === 'SpreadElement') {
        const spread = this.evaluate(property.argument, scope);
        if (spread.kind === 'object') for (const [key, value] of spread.entries) entries.set(key, value);
        else entries.set('...', spread);
        continue;
      }
      const key = keyName(property.key as SyntaxNode, property.computed);
      if (key !== undefined) entries.set(key, this.evaluate(property.value as SyntaxNode, scope));
    }
    return { kind: 'object', entries };
  }
}

/** The declaration that a name refers to from this scope. */
export function findBinding(scope: Scope, name: string): Binding | undefined {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
    const binding = at.bindings.get(name);
    if (binding !== undefined) return binding;
  }
  return undefined;
}
