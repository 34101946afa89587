import { HoldfastError } from '@holdfast/core';
import { sql } from '@holdfast/postgres';
import type { Statement } from '../sql-script/split-statements.ts';
import {
  type FoundIndex,
  findIndex,
  listIndexes,
  listReindexLeftovers,
  relationExists,
} from './index-queries.ts';
import { type IndexStatement, parseCreateIndex, parseDropIndexConcurrently } from './index-statement.ts';
import type { RunContext } from './run-context.ts';
import { serverError } from './server-error.ts';
import { expectedDefinition, staleProblem } from './verify-index.ts';

/** What became of a statement that may have been carried out before. */
export type StepOutcome = { readonly kind: 'ran' } | { readonly kind: 'skipped'; readonly reason: string };

const RAN: StepOutcome = { kind: 'ran' };

/**
 * CREATE INDEX CONCURRENTLY that can be repeated. An invalid index that an earlier attempt left is dropped concurrently and
 * built anew; a valid one of the same definition counts as built when the statement was interrupted (`resumed`) or says
 * IF NOT EXISTS; one of another definition never does. Afterwards the index is there and valid.
 */
export async function buildIndexConcurrently(
  context: RunContext,
  statement: Statement,
  resumed: boolean,
): Promise<StepOutcome> {
  const { connection } = context;
  const index = parseCreateIndex(statement);
  if (index === undefined || !(await relationExists(connection, index.table))) {
    await connection.script(statement.text);
    return RAN;
  }
  const expected = await definitionInTransaction(context, index);
  if (expected === undefined) {
    // what cannot be built on the copy is for PostgreSQL to refuse, with its own words and position
    await connection.script(statement.text);
    return RAN;
  }
  const found = await findEarlier(context, index, expected, resumed);
  if (found !== undefined) refuseUnderConstruction(found);
  if (found?.valid && (resumed || index.ifNotExists)) {
    refuseStale(index, found, expected);
    return { kind: 'skipped', reason: `the index ${found.name} is there, valid and as defined` };
  }
  if (found?.valid === false) await dropInvalid(context, found, 'an earlier attempt to build it failed');
  await connection.script(statement.text);
  if (index.name !== undefined) {
    refuseStale(index, await findIndex(connection, index.table, index.name), expected);
  }
  return RAN;
}

/** DROP INDEX CONCURRENTLY that can be repeated: an index that is gone counts as dropped when the statement was interrupted. */
export async function dropIndexConcurrently(
  context: RunContext,
  statement: Statement,
  resumed: boolean,
): Promise<StepOutcome> {
  const name = parseDropIndexConcurrently(statement);
  if (resumed && name !== undefined && !(await relationExists(context.connection, name))) {
    return { kind: 'skipped', reason: `the index ${name} is gone` };
  }
  await context.connection.script(statement.text);
  return RAN;
}

/** VACUUM, REINDEX and the like. What an interrupted REINDEX CONCURRENTLY left behind is dropped first. */
export async function repeatStatement(
  context: RunContext,
  statement: Statement,
  resumed: boolean,
): Promise<StepOutcome> {
  if (resumed && statement.words[0] === 'reindex') {
    for (const leftover of await listReindexLeftovers(context.connection)) {
      await dropInvalid(context, leftover, 'an interrupted REINDEX CONCURRENTLY left it');
    }
  }
  await context.connection.script(statement.text);
  return RAN;
}

async function definitionInTransaction(
  context: RunContext,
  index: IndexStatement,
): Promise<string | undefined> {
  try {
    return await context.connection.transaction(() => expectedDefinition(context, index));
  } catch (error) {
    if (serverError(error) === undefined) throw error;
    return undefined;
  }
}

/** Without a name of its own, an index of an interrupted statement is known by its definition. */
async function findEarlier(
  { connection }: RunContext,
  { name, table }: IndexStatement,
  expected: string,
  resumed: boolean,
): Promise<FoundIndex | undefined> {
  if (name !== undefined) return findIndex(connection, table, name);
  if (!resumed) return undefined;
  const same = (await listIndexes(connection, table)).filter(({ definition }) => definition === expected);
  return same.find(({ valid }) => !valid) ?? same[0];
}

function refuseUnderConstruction({ name, builderPid }: FoundIndex): void {
  if (builderPid === null) return;
  const message = `the index ${name} is being built by another session, pid ${builderPid}. Wait for it, then run again`;
  throw new HoldfastError('migration_failed', message);
}

function refuseStale(index: IndexStatement, found: FoundIndex | undefined, expected: string): void {
  const problem = staleProblem(index, found, expected);
  if (problem !== undefined) throw new HoldfastError('migration_failed', problem);
}

async function dropInvalid(
  { connection, report }: RunContext,
  { name, oid }: FoundIndex,
  why: string,
): Promise<void> {
  report({ kind: 'index_dropped', index: name, reason: why });
  await connection.script(`drop index concurrently ${name}`);
  const { gone } = await connection.one(
    sql<{ gone: boolean }>`select not exists (select from pg_class where oid = ${oid}::oid) as gone`,
  );
  if (!gone) throw new HoldfastError('migration_failed', `the invalid index ${name} could not be dropped`);
}
