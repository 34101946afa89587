import type { VariableRule } from '../config/doctor-config.ts';
import type { OtherTarget } from '../config/other-target.ts';
import type { Sightings } from '../sightings.ts';

/** What is left in a value that somebody forgot to replace. */
const PLACEHOLDER =
  /^(change[-_ ]?me|todo|xxx+|replace[-_ ]?(me|this)|your[-_ ].*|<.*>|\$\{.*\}|secret|password|example)$/i;

/** Holds the variables of a system against the rules for them. Names and problems alone are seen, never a value. */
export function judgeVariables({
  from,
  values,
  rules,
}: OtherTarget['variables']): Sightings['config.variables'] {
  const problems = Object.entries(rules).flatMap(([variable, rule]) => {
    const problem = problemOf(values[variable], rule);
    return problem === undefined ? [] : [{ variable, problem }];
  });
  return { from, checked: Object.keys(rules).length, problems };
}

function problemOf(value: string | undefined, rule: VariableRule): string | undefined {
  if (value === undefined || value === '') return rule.required === false ? undefined : 'is not set';
  if (value !== value.trim()) return 'has white space around its value';
  if (PLACEHOLDER.test(value)) return 'still has a placeholder as its value';
  const { minLength, pattern, range } = rule;
  if (minLength !== undefined && value.length < minLength) {
    return `has ${value.length} characters, and needs ${minLength}`;
  }
  if (pattern !== undefined && !matchesWhole(pattern, value)) return `does not match ${pattern}`;
  return range === undefined ? undefined : outOfRange(value, range);
}

/** A pattern that is none is a problem of the configuration, and matches nothing. */
function matchesWhole(pattern: string, value: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`).test(value);
  } catch {
    return false;
  }
}

function outOfRange(value: string, [least, most]: readonly [number, number]): string | undefined {
  const number = Number(value);
  if (Number.isNaN(number)) return 'is not a number';
  return number < least || number > most ? `is not between ${least} and ${most}` : undefined;
}
