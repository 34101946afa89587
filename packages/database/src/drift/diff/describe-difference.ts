import { displayName, type PropertyValue } from '../objects/schema-object.ts';
import type { Difference } from './difference.ts';

/** A difference in one line, without what follows from it. */
export function describeDifference({ kind, type, name, property, expected, live }: Difference): string {
  if (kind !== 'changed') return `${type} ${name} is ${kind}`;
  return `${type} ${name}: its ${property} is ${valueText(live)} instead of ${valueText(expected)}`;
}

/** A property in words: lists with commas, tables by their names, and `none` for what is not there. */
export function valueText(value: PropertyValue): string {
  if (value === null) return 'none';
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return listText(value);
  const parts = Object.entries(value);
  return parts.length === 0 ? 'none' : parts.map(([name, part]) => `${name}: ${valueText(part)}`).join('; ');
}

function listText(values: readonly PropertyValue[]): string {
  const [kind, ...names] = values;
  // the table that another one is a partition of, or inherits
  if (kind === 'table' && names.length === 2) return displayName(names.map(String));
  return values.length === 0 ? 'none' : values.map(valueText).join(', ');
}

const NAMED_CONSEQUENCES = 8;

/** The same with what follows from it. */
export function describeWithConsequences(difference: Difference): string {
  const { consequences } = difference;
  if (consequences.length === 0) return describeDifference(difference);
  const rest = consequences.length - NAMED_CONSEQUENCES;
  const named = consequences.slice(0, NAMED_CONSEQUENCES).join(', ');
  return `${describeDifference(difference)}, and with it ${named}${rest > 0 ? ` and ${rest} more` : ''}`;
}
