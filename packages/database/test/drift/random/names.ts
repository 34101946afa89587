import type { Random } from '@holdfast/core';

const WORDS = [
  'order',
  'Order',
  'select',
  'user table',
  'Größe',
  'a"b',
  'camelCase',
  'with.dot',
  "it's",
  'plain',
  'x1',
  'per%cent',
  'back\\slash',
  'group',
];

/** New names, one odder than the other, never the same twice. */
export function createNames(dice: Random): (hint: string) => string {
  let count = 0;
  return hint => {
    count += 1;
    const word = dice.chance(0.4) ? dice.pick(WORDS) : hint;
    return `${word}${dice.chance(0.5) ? '_' : ''}${count}`;
  };
}

export function ident(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function path(...names: readonly string[]): string {
  return names.map(ident).join('.');
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
