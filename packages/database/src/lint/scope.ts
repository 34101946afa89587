import type { Node } from 'libpg-query';
import type { LockMode, TableLock, Work } from './finding.ts';
import type { RuleName } from './rule-names.ts';
import { isNew, type KnownRelation, type KnownSchema } from './schema/known-schema.ts';
import { quoted } from './schema/names.ts';

/** A lock on a table in use that the transaction being read already holds. */
export interface HeldLock {
  readonly relation: KnownRelation;
  readonly mode: LockMode;
  /** The line of the statement that took it. */
  readonly line: number;
}

/** What a rule may look at besides the statement. */
export interface Scope {
  /** As it is before the statement. */
  readonly schema: KnownSchema;
  /** Whether the statement shares its transaction with others. */
  readonly inTransaction: boolean;
  readonly text: string;
  /** Taken by earlier statements of the same transaction. */
  readonly held: readonly HeldLock[];
  /** The statements after it in the same file. */
  following(): readonly Node[];
  /** The time limits that the file has set, in milliseconds, by name. */
  readonly timeouts: ReadonlyMap<string, number>;
  /** Enum values that the transaction has added. */
  readonly newEnumValues: ReadonlySet<string>;
}

/** What a rule found. */
export interface Hit {
  readonly rule: RuleName;
  readonly message: string;
  readonly safer?: string;
  /** Default: the strongest lock that the statement takes. */
  readonly lock?: TableLock;
  readonly work?: Work;
}

export function inUse(scope: Scope, relation: KnownRelation): boolean {
  return !isNew(scope.schema, relation);
}

/** How a relation is written in SQL; schema public is left out. */
export function sqlName({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return schema === 'public' ? quoted(name) : `${quoted(schema)}.${quoted(name)}`;
}

/** How a relation is named in findings and plans. */
export function plainName({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${schema}.${name}`;
}

export function lockOn(relation: KnownRelation, mode: LockMode): TableLock {
  return { relation: plainName(relation), mode };
}

/** Several statements, one after the other; lines that are no statements are comments. */
export function script(...lines: readonly string[]): string {
  return lines.join('\n');
}

/** An update of every row in pieces that each lock few rows for a short time. */
export function inBatches(table: string, assignment: string, condition: string): string {
  return script(
    '-- in a file marked transaction:false, or from a job; repeat until it changes no row:',
    `update ${table} set ${assignment} where ctid = any (array(select ctid from ${table} where ${condition} limit 5000));`,
  );
}

/** The same statement with an allowance before it, for what is right at the right time only. */
export function allowed(rule: RuleName, reason: string, statement: string): string {
  return script(`-- holdfast:allow ${rule}: ${reason}`, `${statement};`);
}
