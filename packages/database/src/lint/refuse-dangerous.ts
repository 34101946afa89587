import { HoldfastError } from '@holdfast/core';
import type { LintFinding } from './finding.ts';
import type { RuleName } from './rule-names.ts';

const NAMED = 5;
/** What is right in no file, so that nothing allows it. */
const MISTAKES: readonly RuleName[] = [
  'syntax-error',
  'invalid-file',
  'allow-without-reason',
  'allow-unknown-rule',
];

/**
 * Refuses migrations with findings of level `refuse`, before anything is run.
 * @throws `migration_dangerous` naming them, with all of them in its details.
 */
export function refuseDangerous(findings: readonly LintFinding[]): void {
  const refused = findings.filter(({ level }) => level === 'refuse');
  if (refused.length === 0) return;
  const lines = refused
    .slice(0, NAMED)
    .map(({ file, line, rule, message }) => `${file}, line ${line} (${rule}): ${message}`);
  const more = refused.length > NAMED ? [`… and ${refused.length - NAMED} more.`] : [];
  const advice = refused.every(({ rule }) => MISTAKES.includes(rule))
    ? 'Nothing was run. Correct the file and run again.'
    : 'Nothing was run. holdfast migrate lint shows a safer way for each; where it is right all the same, say why in a comment before the statement: -- holdfast:allow RULE: reason';
  throw new HoldfastError('migration_dangerous', [...lines, ...more, advice].join('\n'), {
    details: { findings: refused },
  });
}
