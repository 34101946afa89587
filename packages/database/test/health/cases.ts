import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Evidence, HealthEntry, HealthReading } from '../../src/health/entry.ts';
import { assertPasteable } from './pasteable.ts';

/** What makes an entry speak up, and what it must say then; and where it must be silent. */
export interface EntryCase {
  /** Brings the damage about, and returns what the entry said. */
  fire(t: TestContext, entry: HealthEntry): Promise<HealthReading>;
  readonly expect: {
    readonly level: 'warn' | 'critical';
    readonly summary: RegExp;
    /** Must be contained in the first piece of evidence. */
    readonly evidence: Evidence;
    readonly remedy: RegExp;
    readonly metrics: Readonly<Record<string, number>>;
  };
  /** A healthy database of the same shape. */
  quiet(t: TestContext, entry: HealthEntry): Promise<HealthReading>;
}

/** Two tests for each case; each entry of the area has one. */
export function testEntries(
  entries: readonly HealthEntry[],
  cases: Readonly<Record<number, EntryCase>>,
): void {
  test('every entry of the area has its case', () => {
    assert.deepEqual(Object.keys(cases).map(Number), entries.map(({ number }) => number).toSorted());
  });
  for (const entry of entries) {
    const found = cases[entry.number];
    if (found === undefined) continue;
    test(`${entry.number} ${entry.id} fires`, async t =>
      checkFired(await found.fire(t, entry), found.expect));
    test(`${entry.number} ${entry.id} is quiet`, async t => checkQuiet(await found.quiet(t, entry)));
  }
}

function checkFired(reading: HealthReading, expected: EntryCase['expect']): void {
  if (reading.level === 'skipped') assert.fail(`skipped: ${reading.why}`);
  assert.match(reading.summary, expected.summary);
  assert.equal(reading.level, expected.level);
  const [first] = reading.evidence ?? [];
  assert.ok(first !== undefined, 'there is evidence');
  assert.deepEqual(pick(first, Object.keys(expected.evidence)), expected.evidence);
  assert.match(reading.remedy ?? '', expected.remedy);
  assertPasteable(reading.remedy ?? '');
  assert.deepEqual(pick(reading.metrics ?? {}, Object.keys(expected.metrics)), expected.metrics);
}

function checkQuiet(reading: HealthReading): void {
  if (reading.level !== 'ok') assert.fail(JSON.stringify(reading));
  assert.deepEqual(reading.evidence ?? [], []);
  assert.equal(reading.remedy, undefined);
  assert.notEqual(reading.summary, '');
}

function pick(from: Readonly<Record<string, unknown>>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(keys.map(key => [key, from[key]]));
}
