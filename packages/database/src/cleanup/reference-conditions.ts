import { cutoffBefore, type PurgePolicy, type SqlQuery, sql } from '@holdfast/postgres';
import type { ForeignKey } from './foreign-keys.ts';
import type { PlannedPolicy } from './planned-policy.ts';

export interface ReferenceQuestion {
  readonly policy: PurgePolicy;
  readonly row: SqlQuery<never>;
  readonly due: SqlQuery<unknown>;
  readonly foreignKeys: readonly ForeignKey[];
  /** Policies whose rows count as gone already. */
  readonly others: readonly PlannedPolicy[];
}

interface Walk extends Pick<ReferenceQuestion, 'foreignKeys' | 'others'> {
  readonly owner: PurgePolicy;
  /** The tables on the way from the row to here. */
  readonly path: readonly string[];
}

/** The condition that a row is due and nothing refers to it, or to what it owns, that would be lost or stand in the way. */
export function referenceConditions(question: ReferenceQuestion): SqlQuery<unknown> {
  const { policy, row, due, foreignKeys, others } = question;
  const walk: Walk = { owner: policy, foreignKeys, others, path: [nameOf(policy)] };
  const conditions = [due, ...unreferenced(walk, policy, row)];
  return sql`(${sql.join(conditions, ' and ')})`;
}

function unreferenced(
  walk: Walk,
  target: { readonly schema: string; readonly table: string },
  row: SqlQuery<never>,
): SqlQuery<unknown>[] {
  return (
    walk.foreignKeys
      .filter(key => key.targetSchema === target.schema && key.targetTable === target.table)
      // who declares that a reference is emptied has said that the referring row outlives the other
      .filter(({ onDelete }) => onDelete !== 'set null' && onDelete !== 'set default')
      .flatMap((key, index) => withoutReferences(walk, key, row, sql.id(`r${walk.path.length}_${index}`)))
  );
}

function withoutReferences(
  walk: Walk,
  key: ForeignKey,
  row: SqlQuery<never>,
  alias: SqlQuery<never>,
): SqlQuery<unknown>[] {
  const refers = key.pairs.map(
    ([column, target]) => sql`${alias}.${sql.id(column)} = ${row}.${sql.id(target)}`,
  );
  const referring = sql`select from ${sql.id(key.schema, key.table)} as ${alias} where ${sql.join(refers, ' and ')}`;
  if (owns(walk.owner, key) && !walk.path.includes(nameOf(key))) {
    const inner = unreferenced({ ...walk, path: [...walk.path, nameOf(key)] }, key, alias);
    return inner.map(condition => sql`not exists (${referring} and not ${condition})`);
  }
  const gone = goneBefore(walk, key, alias);
  return [sql`not exists (${referring} ${gone === undefined ? sql`` : sql`and ${gone} is not true`})`];
}

/** What belongs to the row goes with it: a cascade that the policy expects. */
function owns({ schema, owns: owned = [] }: PurgePolicy, key: ForeignKey): boolean {
  return key.onDelete === 'cascade' && key.schema === schema && owned.includes(key.table);
}

/** The condition that a referring row is gone when it is this row's turn. A circle of references is not followed. */
function goneBefore(walk: Walk, key: ForeignKey, alias: SqlQuery<never>): SqlQuery<unknown> | undefined {
  if (walk.path.includes(nameOf(key))) return undefined;
  const conditions = walk.others
    .filter(({ policy }) => nameOf(policy) === nameOf(key) && policy.clear === undefined)
    .map(({ policy, retentionMs }) => {
      const due = policy.condition(alias, cutoffBefore(retentionMs));
      const inner: Walk = { ...walk, owner: policy, path: [...walk.path, nameOf(key)] };
      return sql`(${sql.join([due, ...unreferenced(inner, policy, alias)], ' and ')})`;
    });
  return conditions.length === 0 ? undefined : sql`(${sql.join(conditions, ' or ')})`;
}

function nameOf({ schema, table }: { readonly schema: string; readonly table: string }): string {
  return JSON.stringify([schema, table]);
}
