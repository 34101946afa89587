import { HoldfastError } from '@holdfast/core';

/** The names that an option lists between commas, each once. Throws `usage` when one of them is empty. */
export function namesIn(option: string, text: string): string[] {
  const names = text.split(',').map(name => name.trim());
  if (!names.includes('')) return [...new Set(names)];
  throw new HoldfastError('usage', `${option} has an empty name between its commas: "${text}"`);
}
