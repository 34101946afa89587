import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type LintSource, readLintSource } from '@holdfast/database/lint';

/** A migration after `0001_schema.sql`, with what is to be found in it and what PostgreSQL really does. */
export interface LintCase {
  readonly source: LintSource;
  /** The rules that must be found, and no other; empty for a harmless one. */
  readonly rules: readonly string[];
  /** The second line of the file: see the test that reads it. */
  readonly truth: string;
}

const DIRECTORY = join(import.meta.dirname, 'lint-cases');

export function caseSchema(): Promise<LintSource> {
  return readLintSource(join(DIRECTORY, '0001_schema.sql'));
}

export async function readCases(kind: 'dangerous' | 'harmless'): Promise<LintCase[]> {
  const names = (await readdir(join(DIRECTORY, kind))).sort();
  return Promise.all(names.map(async name => readCase(await readLintSource(join(DIRECTORY, kind, name)))));
}

function readCase(source: LintSource): LintCase {
  const [, expect] = /^-- expect: (.+)$/m.exec(source.text) ?? [];
  const [, truth] = /^-- truth: (.+)$/m.exec(source.text) ?? [];
  if (expect === undefined || truth === undefined) throw new Error(`${source.file} says not what to expect`);
  return { source, rules: expect === 'nothing' ? [] : expect.split(', '), truth };
}
