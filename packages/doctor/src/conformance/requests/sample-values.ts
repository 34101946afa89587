import * as fc from 'fast-check';
import type { Located } from '../document/references.ts';
import type { Schemas } from '../document/schemas.ts';
import { valueArbitrary } from './value-arbitrary.ts';

const TRIES = 60;

export interface SampleOptions {
  readonly schemas: Schemas;
  readonly seed: number;
  readonly count: number;
  readonly requiredOnly?: boolean;
  /** What else a value must be, such as a text that fits into a path. */
  accept?(value: unknown): boolean;
}

/** Values within a schema, the same for the same seed; fewer or none where the schema cannot be met by trying. */
export function sampleValues(schema: Located | undefined, options: SampleOptions): unknown[] {
  const { schemas, seed, count, requiredOnly = false, accept = () => true } = options;
  const description = schema === undefined ? { type: 'string' } : schemas.read(schema);
  const fits = (value: unknown): boolean => {
    if (!accept(value)) return false;
    const problems = schema === undefined ? [] : schemas.check(schema, value);
    return 'unusable' in problems || problems.length === 0;
  };
  const arbitrary = valueArbitrary(description, { find: schemas.find, requiredOnly });
  const found: unknown[] = [];
  for (const value of fc.sample(arbitrary, { seed, numRuns: TRIES })) {
    if (found.length === count) break;
    if (fits(value)) found.push(value);
  }
  return found;
}

/** A number for a text, so that each operation has a seed of its own. */
export function seedOf(seed: number, text: string): number {
  let hash = seed | 0;
  for (const character of text) hash = (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) | 0;
  return hash;
}
