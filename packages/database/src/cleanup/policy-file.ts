import { readFile } from 'node:fs/promises';
import { errorMessage, HoldfastError } from '@holdfast/core';
import { parseRetention } from './retention.ts';

/** One entry of a policy file. */
export type PolicyEntry =
  | {
      readonly kind: 'override';
      readonly policy: string;
      readonly retentionMs: number | 'never';
    }
  | {
      readonly kind: 'table';
      /** As written: `events`, or `shop.carts`. */
      readonly table: string;
      /** The column that says when a row ended, or when it was marked deleted. */
      readonly column: string;
      readonly deleted: boolean;
      readonly retentionMs: number;
      readonly owns: readonly string[];
    };

const MEMBERS = ['policy', 'table', 'time', 'deleted', 'retention', 'owns'];

/** Reads a file of policies. @throws HoldfastError `configuration_invalid` with every problem of the file at once. */
export async function readPolicyFile(path: string): Promise<PolicyEntry[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw invalid(path, [`it cannot be read: ${errorMessage(cause)}`]);
  }
  return parsePolicyFile(path, text);
}

/** @see readPolicyFile */
export function parsePolicyFile(path: string, text: string): PolicyEntry[] {
  const entries = entriesOf(path, text);
  const problems: string[] = [];
  const parsed: PolicyEntry[] = [];
  for (const [index, entry] of entries.entries()) {
    const found = parseEntry(entry);
    if (typeof found === 'string') problems.push(`policies[${index}]: ${found}`);
    else parsed.push(found);
  }
  problems.push(...duplicates(parsed));
  if (problems.length > 0) throw invalid(path, problems);
  return parsed;
}

function entriesOf(path: string, text: string): unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(path, [`it is not JSON: ${errorMessage(error)}`]);
  }
  const { policies } = isRecord(value) ? value : {};
  if (Array.isArray(policies)) return policies;
  throw invalid(path, ['it must be an object with a list "policies"']);
}

/** The entry, or what is wrong with it. */
function parseEntry(entry: unknown): PolicyEntry | string {
  if (!isRecord(entry)) return 'an entry is an object';
  const unknown = Object.keys(entry).filter(name => !MEMBERS.includes(name));
  if (unknown.length > 0) return `unknown member "${unknown.join('", "')}"; known are ${MEMBERS.join(', ')}`;
  const { policy, retention } = entry;
  const retentionMs = retention === 'never' ? 'never' : parseRetention(String(retention));
  if (retentionMs === undefined) return '"retention" must be a duration such as "90d" or "336h"';
  if (policy !== undefined) return parseOverride(entry, retentionMs);
  if (retentionMs === 'never') return '"never" only goes with "policy"; leave the entry out';
  return parseTable(entry, retentionMs);
}

function parseOverride(entry: Record<string, unknown>, retentionMs: number | 'never'): PolicyEntry | string {
  const { policy, retention: _, ...others } = entry;
  if (typeof policy !== 'string' || policy === '') return '"policy" must be the name of a policy';
  const superfluous = Object.keys(others);
  if (superfluous.length > 0) return `with "policy" goes "retention" alone, not ${superfluous.join(', ')}`;
  return { kind: 'override', policy, retentionMs };
}

function parseTable(entry: Record<string, unknown>, retentionMs: number): PolicyEntry | string {
  const { table, time, deleted, owns = [] } = entry;
  if (typeof table !== 'string' || table === '') return '"table" (or "policy") is missing';
  if ((time === undefined) === (deleted === undefined)) {
    return 'give either "time", the column that says when a row ended, or "deleted", the one that marks it deleted';
  }
  const column = time ?? deleted;
  if (typeof column !== 'string' || column === '') return '"time" and "deleted" are names of columns';
  if (!Array.isArray(owns) || !owns.every(name => typeof name === 'string' && name !== '')) {
    return '"owns" must be a list of tables';
  }
  return { kind: 'table', table, column, deleted: deleted !== undefined, retentionMs, owns };
}

function duplicates(entries: readonly PolicyEntry[]): string[] {
  const names = entries.map(entry =>
    entry.kind === 'override' ? `policy ${entry.policy}` : `table ${entry.table}, column ${entry.column}`,
  );
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))].map(
    name => `there are two entries for ${name}`,
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(path: string, problems: readonly string[]): HoldfastError {
  return new HoldfastError('configuration_invalid', `The policy file ${path}: ${problems.join('; ')}.`, {
    details: { path, problems },
  });
}
