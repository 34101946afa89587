import { createHash } from 'node:crypto';
import { type Statement, splitStatements } from '../sql-script/split-statements.ts';
import { sqlFileError } from '../sql-script/sql-file-error.ts';
import { tokens } from '../sql-script/tokens.ts';
import { ENVIRONMENTS, type Environment, type Seed } from './seed.ts';

const ENVIRONMENTS_LINE = /^--\s*environments:\s*(.*)$/;

/**
 * Parses a seed file. Its header says where it may be applied, without a default, so that forgetting it is no way into
 * production. Every statement is an INSERT that ends in ON CONFLICT … DO NOTHING: applying it again changes nothing.
 * @throws `sql_file_invalid`
 */
export function parseSeed(file: string, text: string): Seed {
  const header = text.split(
    '\n',
    text.split('\n').findIndex(line => !line.startsWith('--')),
  );
  const statements = splitStatements({ file, text });
  for (const statement of statements) checkRepeatable(file, statement);
  return {
    name: file.replace(/\.sql$/, ''),
    file,
    environments: parseEnvironments(file, header),
    description: header
      .filter(line => !ENVIRONMENTS_LINE.test(line))
      .map(line => line.replace(/^--\s?/, ''))
      .join('\n')
      .trim(),
    checksum: createHash('sha256').update(text, 'utf8').digest('hex'),
    statements,
  };
}

function parseEnvironments(file: string, header: readonly string[]): Environment[] {
  const line = header.findIndex(content => ENVIRONMENTS_LINE.test(content));
  const [, list] = ENVIRONMENTS_LINE.exec(header[line] ?? '') ?? [];
  if (list === undefined) {
    const example = '"-- environments: development, test", or "-- environments: all"';
    throw sqlFileError(file, undefined, `a comment at its top must say where it may be applied: ${example}`);
  }
  const names = list.split(',').map(name => name.trim());
  if (names.length === 1 && names[0] === 'all') return [...ENVIRONMENTS];
  const unknown = names.filter(name => !ENVIRONMENTS.some(known => known === name));
  if (unknown.length === 0) return ENVIRONMENTS.filter(known => names.includes(known));
  const problem = `unknown environment "${unknown.join('", "')}"; known are ${ENVIRONMENTS.join(', ')}, or all`;
  throw sqlFileError(file, line + 1, problem);
}

function checkRepeatable(file: string, { text, line, words, standardStrings }: Statement): void {
  if (words[0] !== 'insert') throw sqlFileError(file, line, 'a seed only inserts');
  const all = [...tokens(text, { standardStrings })].map(({ kind, start, end }) =>
    kind === 'word' ? text.slice(start, end).toLowerCase() : '',
  );
  const conflict = all.some((word, index) => word === 'on' && all[index + 1] === 'conflict');
  if (conflict && all.at(-2) === 'do' && all.at(-1) === 'nothing') return;
  throw sqlFileError(
    file,
    line,
    'the INSERT must end in ON CONFLICT … DO NOTHING, so that it can be repeated',
  );
}
