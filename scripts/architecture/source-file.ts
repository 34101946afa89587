import { type ParseResult, parseSync, Visitor } from 'oxc-parser';

/** One place where a file names another module. `prefix` means only the beginning is known (a template literal). */
export interface ModuleReference {
  readonly specifier: string;
  readonly line: number;
  readonly kind: 'static' | 'dynamic' | 'resolve';
  readonly match: 'exact' | 'prefix';
  readonly typeOnly: boolean;
}

export interface FunctionSpan {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
}

/** What the rules want to know about one source file; nothing else of the syntax tree is kept. */
export interface SourceFile {
  /** Relative to the repository root, with forward slashes. */
  readonly path: string;
  readonly lines: number;
  readonly references: readonly ModuleReference[];
  /** Texts in the file, templates up to their first expression: a package can be resolved by a name built at run time. */
  readonly texts: readonly string[];
  readonly functions: readonly FunctionSpan[];
  readonly environmentReads: readonly number[];
  readonly defaultExports: readonly number[];
  readonly enums: readonly number[];
}

type LineOf = (offset: number) => number;
type Call = Parameters<NonNullable<ConstructorParameters<typeof Visitor>[0]['CallExpression']>>[0];
type Member = Parameters<NonNullable<ConstructorParameters<typeof Visitor>[0]['MemberExpression']>>[0];

/** Parses one file. Throws when the text is not valid TypeScript: an unread file must not pass as a clean one. */
export function parseSourceFile(path: string, text: string): SourceFile {
  const parsed = parseSync(path, text);
  const broken = parsed.errors.find(error => error.severity === 'Error');
  if (broken) throw new Error(`${path} cannot be parsed: ${broken.message}`);
  const lineOf = lineCounter(text);
  const found = visitTree(parsed, text, lineOf);
  return {
    path,
    lines: lineOf(Math.max(0, text.trimEnd().length - 1)),
    references: [...staticReferences(parsed, lineOf), ...found.references],
    texts: found.texts,
    functions: found.functions,
    environmentReads: [...found.environmentReads, ...environmentImports(parsed, lineOf)],
    defaultExports: defaultExports(parsed, lineOf),
    enums: found.enums,
  };
}

function visitTree(parsed: ParseResult, text: string, lineOf: LineOf) {
  const references: ModuleReference[] = [];
  const texts: string[] = [];
  const functions: FunctionSpan[] = [];
  const environmentReads: number[] = [];
  const enums: number[] = [];
  const onFunction = (node: { start: number; end: number; id?: { name: string } | null }) => {
    const line = lineOf(node.start);
    functions.push({ name: functionName(node, text), line, lines: lineOf(node.end) - line + 1 });
  };
  new Visitor({
    FunctionDeclaration: onFunction,
    FunctionExpression: onFunction,
    ArrowFunctionExpression: onFunction,
    TSEnumDeclaration: node => enums.push(lineOf(node.start)),
    Literal: node => {
      if (typeof node.value === 'string') texts.push(node.value);
    },
    TemplateLiteral: node => {
      texts.push(node.quasis[0]?.value.cooked ?? '');
    },
    MemberExpression: node => {
      if (isProcessEnvironment(node)) environmentReads.push(lineOf(node.start));
    },
    VariableDeclarator: node => {
      if (takesEnvironmentApart(node.id, node.init)) environmentReads.push(lineOf(node.start));
    },
    ImportExpression: node => {
      references.push(...referenceOf(node.source, 'dynamic', lineOf));
    },
    CallExpression: node => {
      if (resolvesModule(node)) references.push(...referenceOf(node.arguments[0], 'resolve', lineOf));
    },
    TSImportType: node => {
      const line = lineOf(node.start);
      references.push({ specifier: node.source.value, line, kind: 'static', match: 'exact', typeOnly: true });
    },
  }).visit(parsed.program);
  return { references, texts, functions, environmentReads, enums };
}

function staticReferences(parsed: ParseResult, lineOf: LineOf): ModuleReference[] {
  const imports = parsed.module.staticImports.map(statement => ({
    request: statement.moduleRequest,
    typeOnly: statement.entries.length > 0 && statement.entries.every(entry => entry.isType),
  }));
  const exports = parsed.module.staticExports.flatMap(statement => {
    const request = statement.entries.find(entry => entry.moduleRequest)?.moduleRequest;
    return request ? [{ request, typeOnly: statement.entries.every(entry => entry.isType) }] : [];
  });
  return [...imports, ...exports].map(({ request, typeOnly }) => ({
    specifier: request.value,
    line: lineOf(request.start),
    kind: 'static',
    match: 'exact',
    typeOnly,
  }));
}

function environmentImports(parsed: ParseResult, lineOf: LineOf): number[] {
  return parsed.module.staticImports
    .filter(statement => ['node:process', 'process'].includes(statement.moduleRequest.value))
    .filter(statement => statement.entries.some(entry => entry.importName.name === 'env'))
    .map(statement => lineOf(statement.start));
}

function defaultExports(parsed: ParseResult, lineOf: LineOf): number[] {
  return parsed.module.staticExports
    .filter(statement => statement.entries.some(isDefaultExport))
    .map(statement => lineOf(statement.start));
}

function isDefaultExport(entry: { exportName: { kind: string; name: string | null } }): boolean {
  return entry.exportName.kind === 'Default' || entry.exportName.name === 'default';
}

function referenceOf(
  node: { type: string; start: number } | undefined,
  kind: ModuleReference['kind'],
  lineOf: LineOf,
): ModuleReference[] {
  const known = node ? knownText(node) : undefined;
  if (!node || !known) return [];
  return [{ specifier: known.text, line: lineOf(node.start), kind, match: known.match, typeOnly: false }];
}

interface MaybeText {
  type: string;
  value?: unknown;
  quasis?: readonly { value: { cooked: string | null } }[];
}

function knownText(node: MaybeText): { text: string; match: 'exact' | 'prefix' } | undefined {
  if (node.type === 'Literal' && typeof node.value === 'string') return { text: node.value, match: 'exact' };
  const start = node.type === 'TemplateLiteral' ? node.quasis?.[0]?.value.cooked : undefined;
  if (!start) return undefined;
  return { text: start, match: node.quasis?.length === 1 ? 'exact' : 'prefix' };
}

/** `require(…)`, `require.resolve(…)`, `import.meta.resolve(…)` and `createRequire(…).resolve(…)`: ways without an import. */
function resolvesModule({ callee }: Call): boolean {
  if (callee.type === 'Identifier') return callee.name === 'require';
  if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return false;
  if (callee.property.name !== 'resolve') return false;
  const { object } = callee;
  if (object.type === 'CallExpression') return calledName(object) === 'createRequire';
  return object.type === 'MetaProperty' || (object.type === 'Identifier' && object.name === 'require');
}

function calledName({ callee }: Call): string | undefined {
  if (callee.type === 'Identifier') return callee.name;
  return callee.type === 'MemberExpression' && callee.property.type === 'Identifier'
    ? callee.property.name
    : undefined;
}

function isProcessEnvironment(node: Member): boolean {
  const { object, property } = node;
  if (object.type !== 'Identifier' || object.name !== 'process') return false;
  return (
    (property.type === 'Identifier' && property.name === 'env') ||
    (property.type === 'Literal' && property.value === 'env')
  );
}

interface Pattern {
  type: string;
  name?: unknown;
  properties?: readonly { type: string; key?: { type: string; name?: unknown } }[];
}

function takesEnvironmentApart(target: Pattern, value: Pattern | null): boolean {
  if (target.type !== 'ObjectPattern' || value?.type !== 'Identifier' || value.name !== 'process')
    return false;
  return (target.properties ?? []).some(property => property.key?.name === 'env');
}

function functionName(node: { start: number; id?: { name: string } | null }, text: string): string {
  if (node.id) return node.id.name;
  const before = text.slice(Math.max(0, node.start - 60), node.start);
  return /([\w$]+)\s*[=:(]\s*(?:async\s*)?$/.exec(before)?.[1] ?? '(anonymous)';
}

function lineCounter(text: string): LineOf {
  const ends: number[] = [];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) ends.push(at);
  return offset => {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle] ?? Number.POSITIVE_INFINITY) < offset) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  };
}
