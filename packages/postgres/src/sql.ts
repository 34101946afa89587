declare const ROW: unique symbol;

/** One SQL statement, or a piece of one, with its parameters apart from its text. Made by {@link sql} only. */
export interface SqlQuery<Row = Record<string, unknown>> {
  /** The statement with `$1`, `$2`, … in the place of the values. */
  readonly text: string;
  readonly values: readonly unknown[];
  /** The name of the prepared statement; undefined when it is parsed anew each time. */
  readonly name: string | undefined;
  /** The same query as a prepared statement: parsed and planned once per connection. One name, one text. */
  named(name: string): SqlQuery<Row>;
  readonly [ROW]?: Row;
}

/**
 * What may stand in `${…}`. Arrays become PostgreSQL arrays and plain objects JSON; an array that is meant as JSON
 * goes through `sql.json`. `undefined` is refused: null is written out.
 */
export type SqlValue = string | number | bigint | boolean | null | object;

const SEPARATORS = [', ', ' and ', ' or ', ' ', '; ', ' union all '] as const;

/** What may stand between joined parts; anything else is written as an `sql` fragment. */
export type SqlSeparator = (typeof SEPARATORS)[number];

/** PostgreSQL cuts identifiers and statement names at 63 bytes (NAMEDATALEN - 1), which would make two of them one. */
const MAX_NAME_BYTES = 63;

class Statement<Row> implements SqlQuery<Row> {
  /** The text around the values: always one more than there are values. */
  readonly chunks: readonly string[];
  readonly values: readonly unknown[];
  readonly name: string | undefined;
  #text: string | undefined;

  constructor(chunks: readonly string[], values: readonly unknown[], name?: string) {
    this.chunks = chunks;
    this.values = values;
    this.name = name;
  }

  get text(): string {
    this.#text ??= textOf(this.chunks);
    return this.#text;
  }

  named(name: string): SqlQuery<Row> {
    checkName('statement name', name);
    return new Statement<Row>(this.chunks, this.values, name);
  }
}

/** Texts of templates without fragments. The keys live as long as the code that contains the template. */
const templateTexts = new WeakMap<readonly string[], string>();

function textOf(chunks: readonly string[]): string {
  const cached = templateTexts.get(chunks);
  if (cached !== undefined) return cached;
  const text = chunks.reduce((result, chunk, index) => `${result}$${index}${chunk}`);
  if (Object.isFrozen(chunks)) templateTexts.set(chunks, text);
  return text;
}

function template<Row = Record<string, unknown>>(
  strings: TemplateStringsArray,
  ...values: readonly (SqlValue | SqlQuery<unknown>)[]
): SqlQuery<Row> {
  let nested = false;
  for (const value of values) {
    if (value === undefined) throw new TypeError(`An SQL parameter is undefined in: ${strings.join('…')}`);
    if (value instanceof Statement) nested = true;
  }
  return nested ? inlined<Row>(strings, values) : new Statement<Row>(strings, values);
}

/** Builds one statement out of text and parts, where a part is either a fragment or a value. */
function inlined<Row>(strings: readonly string[], parts: readonly unknown[]): Statement<Row> {
  const chunks: string[] = [];
  const values: unknown[] = [];
  let open = strings[0] ?? '';
  parts.forEach((part, index) => {
    const inner = part instanceof Statement ? part : new Statement(['', ''], [part]);
    for (const [position, value] of inner.values.entries()) {
      chunks.push(open + inner.chunks[position]);
      values.push(value);
      open = '';
    }
    open += `${inner.chunks.at(-1)}${strings[index + 1] ?? ''}`;
  });
  return new Statement<Row>([...chunks, open], values);
}

function identifier(...path: readonly [string, ...string[]]): SqlQuery<never> {
  const quoted = path.map(part => {
    checkName('identifier', part);
    return `"${part.replaceAll('"', '""')}"`;
  });
  return new Statement<never>([quoted.join('.')], []);
}

function checkName(kind: string, name: string): void {
  if (name === '' || name.includes('\0') || Buffer.byteLength(name) > MAX_NAME_BYTES) {
    throw new TypeError(
      `Not usable as an SQL ${kind} (1 to ${MAX_NAME_BYTES} bytes): ${JSON.stringify(name)}`,
    );
  }
}

function join(
  parts: readonly (SqlValue | SqlQuery<unknown>)[],
  separator: SqlSeparator | SqlQuery<unknown> = ', ',
): SqlQuery<never> {
  if (parts.length === 0) throw new TypeError('sql.join needs at least one part');
  if (parts.includes(undefined as never)) throw new TypeError('A part of sql.join is undefined');
  const glue = separator instanceof Statement ? separator : new Statement([checkSeparator(separator)], []);
  const woven = parts.flatMap((part, index) => (index === 0 ? [part] : [glue, part]));
  return inlined<never>(
    Array.from({ length: woven.length + 1 }, () => ''),
    woven,
  );
}

function checkSeparator(separator: unknown): string {
  const known = SEPARATORS.find(candidate => candidate === separator);
  if (known === undefined) throw new TypeError(`Not a separator of sql.join: ${JSON.stringify(separator)}`);
  return known;
}

function literal(value: string): SqlQuery<never> {
  if (value.includes('\0')) throw new TypeError('An SQL literal cannot contain a zero byte');
  const quoted = `'${value.replaceAll("'", "''")}'`;
  // with a backslash the meaning of '…' depends on standard_conforming_strings; that of E'…' does not
  return new Statement<never>([quoted.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted], []);
}

/**
 * A statement from a template: sql<{ id: string }>`select id from users where email = ${email}`. Every `${value}`
 * becomes a parameter, never text; only other `sql` queries are inlined. Nothing is sent: a Queryable does that.
 */
export const sql = Object.assign(template, {
  /** A quoted identifier: `sql.id('public', 'users')` is `"public"."users"`. */
  id: identifier,
  /** Values and fragments in a row: `sql.join([a, b])` is `$1, $2`. Throws for an empty list. */
  join,
  /** A value as JSON text, for json and jsonb parameters that are arrays or scalars. */
  json: (value: unknown): string => JSON.stringify(value ?? null),
  /** A quoted string, for the few statements that take no parameters, such as `alter role … password`. */
  literal,
});
