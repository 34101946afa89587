import { Transform } from 'node:stream';

const NAME = '(?:"((?:[^"]|"")+)"|([a-z_][a-z0-9_$]*))';
const STATEMENTS = [
  new RegExp(`^CREATE EXTENSION IF NOT EXISTS ${NAME}(?: WITH SCHEMA .+)?;$`),
  new RegExp(`^COMMENT ON EXTENSION ${NAME} IS '.*';$`),
];
/** What may hold lines that only look like statements: rows, and the bodies of functions. pg_dump writes extensions before. */
const HEAD_ENDS = /^(COPY|INSERT INTO|CREATE (OR REPLACE )?(FUNCTION|PROCEDURE)) /;
const LONGEST_LINE = 65_536;

/** Takes the statements about these extensions out of a plain dump, and remembers which it took out. */
export function leaveOutExtensions(names: readonly string[]): {
  readonly stream: Transform;
  readonly leftOut: ReadonlySet<string>;
} {
  const leftOut = new Set<string>();
  const filter = (line: string): string => {
    const name = STATEMENTS.map(pattern => nameIn(pattern.exec(line))).find(found => found !== undefined);
    if (name === undefined || !names.includes(name)) return `${line}\n`;
    leftOut.add(name);
    return '\n';
  };
  let rest = '';
  let inHead = names.length > 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (!inHead) return done(null, chunk);
      const lines = (rest + chunk.toString('latin1')).split('\n');
      rest = lines.pop() ?? '';
      const end = lines.findIndex(line => HEAD_ENDS.test(line));
      inHead = end === -1 && rest.length < LONGEST_LINE;
      const head = lines.slice(0, end === -1 ? undefined : end).map(filter);
      const tail = end === -1 ? [] : lines.slice(end).map(line => `${line}\n`);
      const text = [...head, ...tail].join('') + (inHead ? '' : rest);
      if (!inHead) rest = '';
      done(null, Buffer.from(text, 'latin1'));
    },
    flush: done => done(null, Buffer.from(rest, 'latin1')),
  });
  return { stream, leftOut };
}

/** The lines of `pg_restore --list` without these extensions and the comments on them. */
export function listWithoutExtensions(
  list: string,
  names: readonly string[],
): { readonly list: string; readonly leftOut: ReadonlySet<string> } {
  const leftOut = new Set<string>();
  const lines = list.split('\n').filter(line => {
    const [, name] = /^\d+; \d+ \d+ (?:EXTENSION - |COMMENT - EXTENSION )(\S+) /.exec(line) ?? [];
    if (name === undefined || !names.includes(name)) return true;
    leftOut.add(name);
    return false;
  });
  return { list: lines.join('\n'), leftOut };
}

function nameIn(match: RegExpExecArray | null): string | undefined {
  return match?.[1]?.replaceAll('""', '"') ?? match?.[2];
}
