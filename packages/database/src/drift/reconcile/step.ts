import type { SchemaObject } from '../objects/schema-object.ts';

/** One statement of a reconciliation. */
export interface Step {
  readonly sql: string;
  /** What it would destroy; it is only run when that is allowed. */
  readonly destroys?: string;
  /** A rule of our linter that it breaks on purpose, with the reason. */
  readonly allow?: readonly [rule: string, reason: string];
  /** It refuses to run inside a transaction, or holds its locks too long in one. */
  readonly alone?: boolean;
  /** It belongs into one transaction with its neighbours that are marked so, too. */
  readonly together?: boolean;
  /** Nothing that SQL could do; it is only told. */
  readonly manual?: boolean;
}

/** What the planner knows while it writes the statements of one object. */
export interface PlanContext {
  /** The expected object, created or changed. */
  readonly object: SchemaObject;
  readonly expected: (key: string) => SchemaObject | undefined;
  readonly live: (key: string) => SchemaObject | undefined;
  /** The table of the object is made by the same script, so that nobody waits for a lock on it. */
  readonly newTable: boolean;
  /** Of a column: the sequence behind its identity. */
  readonly identitySequence: SchemaObject | undefined;
  /** Of an index: the steps that make it usable. */
  readonly validate: () => Step[];
}

/** A value that must be text; the catalog says so. */
export function textOf(object: SchemaObject, property: string): string {
  const value = object.properties[property];
  return typeof value === 'string' ? value : '';
}

/** A list of texts; empty when it is not known. */
export function listOf(object: SchemaObject, property: string): readonly string[] {
  const value = object.properties[property];
  return Array.isArray(value) ? (value as readonly string[]) : [];
}
