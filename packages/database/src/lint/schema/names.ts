import { type Node, type RangeVar, scanSync, type TypeName } from 'libpg-query';

/** A name of something in a schema; the schema is undefined where the statement leaves it to the search_path. */
export interface Name {
  readonly schema: string | undefined;
  readonly name: string;
}

export function nameOfRelation(relation: RangeVar | undefined): Name {
  return { schema: relation?.schemaname, name: relation?.relname ?? '' };
}

/** The name in a list of strings such as `schema`, `table`. */
export function nameOfParts(parts: readonly string[]): Name {
  return { schema: parts.length > 1 ? parts.at(-2) : undefined, name: parts.at(-1) ?? '' };
}

/** The text of a String node, and of each in a List of them. */
export function strings(nodes: readonly Node[] | undefined): string[] {
  return (nodes ?? []).flatMap(node => ('String' in node ? [node.String.sval ?? ''] : []));
}

/** The parts of a name as DROP and ALTER give them: a String, a List of them, or a TypeName. */
export function partsOf(node: Node | undefined): string[] {
  if (node === undefined) return [];
  if ('String' in node) return [node.String.sval ?? ''];
  if ('List' in node) return strings(node.List.items);
  if ('TypeName' in node) return strings(node.TypeName.names);
  return [];
}

/** A type as it is written, its system schema left out: `varchar` with its modifiers. */
export interface TypeShape {
  readonly name: string;
  readonly schema: string | undefined;
  readonly modifiers: readonly number[];
  readonly array: boolean;
}

export function typeShape(type: TypeName | undefined): TypeShape | undefined {
  const parts = strings(type?.names);
  const name = parts.at(-1);
  if (type === undefined || name === undefined) return undefined;
  const schema = parts.length > 1 && parts[0] !== 'pg_catalog' ? parts[0] : undefined;
  const modifiers = (type.typmods ?? []).flatMap(node =>
    'A_Const' in node && node.A_Const.ival !== undefined ? [node.A_Const.ival.ival ?? 0] : [],
  );
  return { name, schema, modifiers, array: (type.arrayBounds ?? []).length > 0 };
}

/** A name as SQL needs it: in quotes unless it is a plain lower-case word that is no keyword. */
export function quoted(name: string): string {
  if (/^[a-z_][a-z0-9_$]*$/.test(name)) {
    const [token] = scanSync(name).tokens;
    if (token === undefined || ['NO_KEYWORD', 'UNRESERVED_KEYWORD'].includes(token.keywordName)) return name;
  }
  return `"${name.replaceAll('"', '""')}"`;
}

export function quotedName({ schema, name }: Name): string {
  return schema === undefined ? quoted(name) : `${quoted(schema)}.${quoted(name)}`;
}

const WRITTEN: Readonly<Record<string, string>> = {
  int2: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  float4: 'real',
  float8: 'double precision',
  bool: 'boolean',
  bpchar: 'char',
};

/** A type as SQL writes it. */
export function typeName({ schema, name, modifiers, array }: TypeShape): string {
  const limits = modifiers.length === 0 ? '' : `(${modifiers.join(', ')})`;
  const base = schema === undefined ? (WRITTEN[name] ?? name) : `${quoted(schema)}.${quoted(name)}`;
  return `${base}${limits}${array ? '[]' : ''}`;
}
