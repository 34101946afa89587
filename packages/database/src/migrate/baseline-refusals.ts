import { HoldfastError, shellWord } from '@holdfast/core';
import { describeWithConsequences } from '../drift/diff/describe-difference.ts';
import type { Difference } from '../drift/diff/difference.ts';
import { matchesPattern } from '../drift/diff/matches-pattern.ts';

/** What statements name, other than tables: later migrations rely on it as on those. */
const NAMED: readonly string[] = [
  'schema',
  'type',
  'function',
  'view',
  'materialized view',
  'sequence',
  'extension',
  'collation',
] satisfies readonly Difference['type'][];

/** The differences by which something is gone that has a name of its own. */
export function missingWithName(differences: readonly Difference[]): Difference[] {
  return differences.filter(
    ({ kind, type, property }) => NAMED.includes(type) && (kind === 'missing' || property === 'name'),
  );
}

/** @throws `baseline_refused` for what no pattern accepts */
export function refuseMissing(missing: readonly Difference[], accepted: readonly string[]): void {
  const gone = missing.filter(
    difference => !accepted.some(pattern => matchesPattern(difference, `${pattern}#*`)),
  );
  if (gone.length === 0) return;
  // a comma would part two patterns
  const patterns = gone.map(({ type, name }) => `${type}:${name.replaceAll(',', '*')}`).join(',');
  const hint = ` If it is, and none of the later migrations needs what is missing, accept it by name: --accept-missing ${shellWord(patterns)}`;
  throw refused('Something that those migrations make is missing', gone, hint);
}

/** The refusal, with the differences it is for. */
export function refused(problem: string, differences: readonly Difference[], hint = ''): HoldfastError {
  const lines = differences.map(difference => `\n- ${describeWithConsequences(difference)}`);
  const end = differences.length === 0 ? '. ' : '\n';
  const message = `${problem}${differences.length === 0 ? '' : ':'}${lines.join('')}${end}Nothing was recorded. Is it the right database, and the right version?${hint}`;
  return new HoldfastError('baseline_refused', message, { details: { differences } });
}
