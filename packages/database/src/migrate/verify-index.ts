import { HoldfastError } from '@holdfast/core';
import type { Statement } from '../sql-script/split-statements.ts';
import { type FoundIndex, findIndex } from './index-queries.ts';
import { type IndexStatement, parseCreateIndex } from './index-statement.ts';
import { asOwner, type RunContext } from './run-context.ts';
import { serverError } from './server-error.ts';

const PROBE = 'holdfast_ledger.index_probe';

/**
 * The definition PostgreSQL would give to the index of a statement, in the form of `FoundIndex.definition`. Found by building it
 * on an empty copy of the table. Call it within a transaction; nothing of the copy stays.
 */
export function expectedDefinition(context: RunContext, index: IndexStatement): Promise<string> {
  const { connection } = context;
  const unique = index.unique ? 'unique ' : '';
  return asOwner(context, async () => {
    await connection.script(`create table ${PROBE} (like ${index.table})`);
    await connection.script(`create ${unique}index index_probe_index on ${PROBE} ${index.rest}`);
    const built = await findIndex(connection, PROBE, 'index_probe_index');
    await connection.script(`drop table ${PROBE}`);
    return built?.definition ?? '';
  });
}

/**
 * IF NOT EXISTS is satisfied by anything of that name: by the invalid index that a failed build left, by an index of other
 * columns, by a table. After such a statement, within its
 * transaction, the index must be the one that was meant.
 * @throws `migration_failed`
 */
export async function verifyIndexNotStale(context: RunContext, statement: Statement): Promise<void> {
  const index = parseCreateIndex(statement);
  if (index?.name === undefined || !index.ifNotExists) return;
  const found = await findIndex(context.connection, index.table, index.name);
  const problem = staleProblem(index, found, await comparableDefinition(context, index));
  if (problem !== undefined) throw new HoldfastError('migration_failed', problem);
}

async function comparableDefinition(context: RunContext, index: IndexStatement): Promise<string> {
  try {
    return await expectedDefinition(context, index);
  } catch (error) {
    const server = serverError(error);
    if (server === undefined) throw error;
    // no cause: its position is one in the statement for the copy
    const message = `${index.name} exists already, and what the statement means cannot be built: ${server.message} (SQLSTATE ${server.code})`;
    throw new HoldfastError('migration_failed', message);
  }
}

/** Why an index is not the one that a statement means; undefined when it is. */
export function staleProblem(
  { name, table }: IndexStatement,
  found: FoundIndex | undefined,
  expected: string,
): string | undefined {
  if (found === undefined) {
    return `the name ${name} belongs to something that is no index of ${table}. Choose another name`;
  }
  if (!found.valid) {
    return `the index ${found.name} is invalid: an earlier CREATE INDEX CONCURRENTLY failed. Drop it first: drop index concurrently ${found.name}`;
  }
  if (found.definition === expected) return undefined;
  return `an index ${found.name} exists with another definition (${found.definition.trim()} instead of ${expected.trim()}). Drop it, or choose another name`;
}
