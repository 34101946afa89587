import type { PropertyValue } from '../objects/schema-object.ts';

/** Labels of an enum that stand in the same place under another name, as `[expected, live]`; none when others came or went. */
export function renamedLabels(
  expected: PropertyValue,
  live: PropertyValue,
): [expected: string, live: string][] {
  const [wanted, found] = [expected, live].map(value => (Array.isArray(value) ? (value as string[]) : []));
  if (wanted === undefined || found === undefined || wanted.length !== found.length) return [];
  const pairs = wanted.map((label, index): [string, string] => [label, found[index] ?? '']);
  const differing = pairs.filter(([one, other]) => one !== other);
  return differing.some(([one, other]) => found.includes(one) || wanted.includes(other)) ? [] : differing;
}
