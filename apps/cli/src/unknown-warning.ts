import type { UnknownVariable } from './env.ts';

/** Tells that a variable has no effect, and which one was probably meant. */
export function unknownWarning({ variable, origin, meant }: UnknownVariable): string {
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  return `${variable} (from ${origin}) is not a setting of Holdfast and has no effect${hint}`;
}
