/** What a column may be given as. Plain objects become JSON; arrays PostgreSQL arrays; undefined is refused, null is written out. */
export type CopyValue = string | number | bigint | boolean | Date | Uint8Array | null | object;

const SPECIAL = /[\\\n\r\t\b\f\v\0]/;
const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
  '\v': '\\v',
};
/** Large enough that the number of writes does not matter, small enough to keep the server busy meanwhile. */
const CHUNK_CHARACTERS = 64 * 1024;

/**
 * One row in the text format of COPY, without its line feed (PostgreSQL manual, COPY, "Text Format").
 * @throws TypeError for a value that PostgreSQL cannot store: undefined, a NUL character.
 */
export function copyLine(values: readonly CopyValue[]): string {
  let line = '';
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index];
    if (index > 0) line += '\t';
    line += value === null ? '\\N' : escapeText(textOf(value));
  }
  return line;
}

/** Lines as the data of a COPY, gathered into pieces that are worth a write. */
export function* copyChunks(lines: Iterable<string>): Generator<string, void, undefined> {
  let chunk = '';
  for (const line of lines) {
    chunk += `${line}\n`;
    if (chunk.length < CHUNK_CHARACTERS) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}

/** A value as PostgreSQL reads it. */
export function textOf(value: CopyValue | undefined): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'boolean':
      return value ? 't' : 'f';
    case 'number':
    case 'bigint':
      return String(value);
    case 'object':
      return objectText(value);
    default:
      throw new TypeError(`A value of a bulk write is ${typeof value}; null is written out`);
  }
}

function objectText(value: object | null): string {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`;
  if (Array.isArray(value)) return arrayText(value as CopyValue[]);
  return JSON.stringify(value);
}

function arrayText(items: readonly CopyValue[]): string {
  const texts = items.map(item => {
    if (item === null) return 'NULL';
    return Array.isArray(item)
      ? arrayText(item as CopyValue[])
      : `"${textOf(item).replaceAll(/["\\]/g, '\\$&')}"`;
  });
  return `{${texts.join(',')}}`;
}

function escapeText(text: string): string {
  // nearly no text has any of them
  if (!SPECIAL.test(text)) return text;
  if (text.includes('\0')) throw new TypeError('A value of a bulk write contains a NUL character');
  return text.replaceAll(/[\\\n\r\t\b\f\v]/g, sign => ESCAPES[sign] ?? sign);
}
