import type { PropertyValue } from '../objects/schema-object.ts';
import type { Difference } from './difference.ts';

/** A difference in one line, without what follows from it. */
export function describeDifference({ kind, type, name, property, expected, live }: Difference): string {
  if (kind !== 'changed') return `${type} ${name} is ${kind}`;
  return `${type} ${name}: its ${property} is ${valueText(live)} instead of ${valueText(expected)}`;
}

/** A property as text: what is no text itself as JSON, and `none` for what is not there. */
export function valueText(value: PropertyValue): string {
  if (value === null) return 'none';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
