import * as fc from 'fast-check';
import type { JsonObject } from '../document/json-value.ts';

const DEFAULT_SPAN = 1_000;

/** Numbers of a schema, near its bounds rather than at the ends of what a number can be. */
export function numberArbitrary(schema: JsonObject, type: 'integer' | 'number'): fc.Arbitrary<number> {
  const step = typeof schema.multipleOf === 'number' && schema.multipleOf > 0 ? schema.multipleOf : 1;
  const { low, high } = boundsOf(schema, type === 'integer' ? step : Math.min(step, 0.5));
  if (type === 'number' && schema.multipleOf === undefined) {
    return fc
      .integer({ min: Math.ceil(low * 2), max: Math.max(Math.ceil(low * 2), Math.floor(high * 2)) })
      .map(n => n / 2);
  }
  const min = Math.ceil(low / step);
  return fc.integer({ min, max: Math.max(min, Math.floor(high / step)) }).map(n => n * step);
}

function boundsOf(schema: JsonObject, beyond: number): { low: number; high: number } {
  const low = lowest(schema, beyond);
  const high = highest(schema, beyond);
  if (low !== undefined) return { low, high: Math.min(high ?? Number.POSITIVE_INFINITY, low + DEFAULT_SPAN) };
  return high === undefined ? { low: 1, high: DEFAULT_SPAN } : { low: Math.min(1, high), high };
}

function lowest({ minimum, exclusiveMinimum }: JsonObject, beyond: number): number | undefined {
  if (typeof exclusiveMinimum === 'number') return exclusiveMinimum + beyond;
  return typeof minimum === 'number' ? minimum : undefined;
}

function highest({ maximum, exclusiveMaximum }: JsonObject, beyond: number): number | undefined {
  if (typeof exclusiveMaximum === 'number') return exclusiveMaximum - beyond;
  return typeof maximum === 'number' ? maximum : undefined;
}
