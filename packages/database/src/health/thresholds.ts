import { HoldfastError } from '@holdfast/core';
import type { HealthEntry, Thresholds } from './entry.ts';

/** Limits that replace the defaults: entry id → name → value. */
export type ThresholdOverrides = Readonly<Record<string, Thresholds>>;

/** Finds the name that was probably meant. */
export type Suggest = (word: string, candidates: readonly string[]) => string | undefined;

/**
 * Reads `ID.NAME=VALUE`, several separated by commas.
 * @throws HoldfastError `usage` for anything else.
 */
export function parseThresholds(text: string): ThresholdOverrides {
  return mergeThresholds(
    text.split(',').map(part => {
      const match = /^\s*([a-z0-9-]+)\.([A-Za-z0-9]+)\s*=\s*(\S+)\s*$/.exec(part);
      const [, id = '', name = '', value = ''] = match ?? [];
      if (match !== null && Number.isFinite(Number(value))) return { [id]: { [name]: Number(value) } };
      const message = `"${part.trim()}" is no threshold. It looks like connections.warnPercent=60; holdfast detailed-health --list shows all of them`;
      throw new HoldfastError('usage', message);
    }),
  );
}

/**
 * Reads a JSON object of objects: `{ "connections": { "warnPercent": 60 } }`.
 * @param source what to call it in errors, such as the path of the file
 * @throws HoldfastError `configuration_invalid` for anything else.
 */
export function parseThresholdFile(text: string, source: string): ThresholdOverrides {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(`${source} is not JSON: ${(cause as Error).message}`, cause);
  }
  if (!isObject(value)) throw invalid(`${source} must hold an object of entries, each with its thresholds`);
  for (const [id, limits] of Object.entries(value)) {
    if (!isObject(limits)) throw invalid(`${source}: ${id} must be an object such as { "warnPercent": 60 }`);
    for (const [name, limit] of Object.entries(limits)) {
      if (typeof limit !== 'number') throw invalid(`${source}: ${id}.${name} must be a number`);
    }
  }
  return value as ThresholdOverrides;
}

/** Later ones win, name by name. */
export function mergeThresholds(all: readonly ThresholdOverrides[]): ThresholdOverrides {
  const merged: Record<string, Record<string, number>> = {};
  for (const overrides of all) {
    for (const [id, limits] of Object.entries(overrides)) merged[id] = { ...merged[id], ...limits };
  }
  return merged;
}

/**
 * Checks that every entry and every name exists.
 * @throws HoldfastError `usage` with all problems at once.
 */
export function assertThresholds(
  entries: readonly HealthEntry[],
  overrides: ThresholdOverrides,
  suggest: Suggest = () => undefined,
): void {
  const problems = Object.entries(overrides).flatMap(([id, limits]) => {
    const entry = entries.find(candidate => candidate.id === id);
    if (entry === undefined) {
      return [
        unknown(
          `There is no health entry "${id}"`,
          id,
          entries.map(known => known.id),
          suggest,
        ),
      ];
    }
    const names = Object.keys(entry.thresholds);
    return Object.keys(limits)
      .filter(name => !names.includes(name))
      .map(name => unknown(`The entry ${id} has no threshold "${name}"`, name, names, suggest));
  });
  if (problems.length > 0) throw new HoldfastError('usage', problems.join('\n'), { details: { problems } });
}

/**
 * The entries with these ids, or with these numbers.
 * @throws HoldfastError `usage` for one that does not exist.
 */
export function selectEntries(
  entries: readonly HealthEntry[],
  ids: readonly string[],
  suggest: Suggest = () => undefined,
): HealthEntry[] {
  const problems: string[] = [];
  const wanted = ids.flatMap(id => {
    const found = entries.find(entry => entry.id === id || String(entry.number) === id);
    if (found !== undefined) return [found];
    problems.push(
      unknown(
        `There is no health entry "${id}"`,
        id,
        entries.map(entry => entry.id),
        suggest,
      ),
    );
    return [];
  });
  if (problems.length > 0) throw new HoldfastError('usage', problems.join('\n'), { details: { problems } });
  return entries.filter(entry => wanted.includes(entry));
}

/** The limits of one entry: its defaults with what replaces them. */
export function thresholdsOf(entry: HealthEntry, overrides: ThresholdOverrides): Thresholds {
  return { ...entry.thresholds, ...overrides[entry.id] };
}

function unknown(what: string, word: string, candidates: readonly string[], suggest: Suggest): string {
  const meant = suggest(word, candidates);
  if (meant !== undefined) return `${what}. Did you mean ${meant}?`;
  return candidates.length === 0 ? `${what}; it has none` : `${what}. There are: ${candidates.join(', ')}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(message: string, cause?: unknown): HoldfastError {
  return new HoldfastError('configuration_invalid', message, { cause });
}
