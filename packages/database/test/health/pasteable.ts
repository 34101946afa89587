import assert from 'node:assert/strict';
import { loadModule, parseSync } from 'libpg-query';

await loadModule();

/** What remedies run in a shell. */
const COMMANDS = /^(holdfast|vacuumdb|pg_ctl|du) /;

/**
 * Asserts that a remedy keeps its promise: every line that is neither prose nor a command for the shell belongs to SQL that
 * PostgreSQL's own parser understands, without anything left to fill in.
 */
export function assertPasteable(remedy: string): void {
  const lines = remedy.split('\n').filter(line => !line.startsWith('-- '));
  const statements = lines.filter(line => !COMMANDS.test(`${line} `)).join('\n');
  const withoutComments = statements.replaceAll(/--.*$/gm, '');
  assert.doesNotMatch(withoutComments, /…/, 'a statement with a gap is prose');
  for (const line of lines.filter(one => COMMANDS.test(one))) {
    assert.doesNotMatch(line, / -- |…/, 'a shell takes a comment of SQL for arguments');
  }
  if (withoutComments.trim() === '') return;
  assert.match(withoutComments.trimEnd(), /;$/, 'the last statement has an end');
  try {
    parseSync(statements);
  } catch (error) {
    assert.fail(`cannot be pasted: ${(error as Error).message}\n${remedy}`);
  }
}
