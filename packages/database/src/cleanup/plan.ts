import { cutoffBefore, type Purge, type SqlQuery } from '@holdfast/postgres';
import type { ForeignKey } from './foreign-keys.ts';
import type { PlannedPolicy } from './planned-policy.ts';
import { referenceConditions } from './reference-conditions.ts';

/** A policy, made ready to be carried out. */
export interface PlannedPurge extends PlannedPolicy {
  /** Rows that are past their retention, whatever refers to them. */
  readonly due: Purge;
  /** Those of them that nothing refers to which would be lost with them. */
  readonly purge: Purge;
  /** Those that will be free to go when the policies before this one are done: what a dry run counts. */
  readonly foreseen: Purge;
}

/**
 * Puts policies into an order in which rows that refer to others go before those, and makes each leave alone what other
 * rows still need. A row that would take others with it, or fail because of them, stays, unless the policy owns those.
 * `goes` says which policies are carried out, and not merely looked at.
 */
export function planPurges(
  policies: readonly PlannedPolicy[],
  foreignKeys: readonly ForeignKey[],
  goes: (planned: PlannedPolicy) => boolean,
): PlannedPurge[] {
  const ordered = childrenFirst(policies, foreignKeys);
  const going = ordered.filter(goes);
  return ordered.map(planned => {
    const { policy, retentionMs } = planned;
    const { schema, table, clear } = policy;
    // what is only looked at is counted as if everything were carried out
    const others = goes(planned) ? going : ordered;
    const due = (row: SqlQuery<never>): SqlQuery<unknown> => dueCondition(planned, row);
    const purge = (isForeseen: boolean): Purge => ({
      schema,
      table,
      clear,
      condition: row =>
        clear === undefined
          ? referenceConditions({
              policy,
              row,
              due: due(row),
              foreignKeys,
              others: isForeseen ? others : [],
            })
          : due(row),
    });
    return {
      policy,
      retentionMs,
      due: { schema, table, clear, condition: due },
      purge: purge(false),
      foreseen: purge(true),
    };
  });
}

function dueCondition({ policy, retentionMs }: PlannedPolicy, row: SqlQuery<never>): SqlQuery<unknown> {
  return policy.condition(row, cutoffBefore(retentionMs));
}

function childrenFirst(
  policies: readonly PlannedPolicy[],
  foreignKeys: readonly ForeignKey[],
): PlannedPolicy[] {
  const ordered: PlannedPolicy[] = [];
  const begun = new Set<PlannedPolicy>();
  const visit = (planned: PlannedPolicy): void => {
    if (begun.has(planned)) return;
    begun.add(planned);
    for (const other of policies) if (refersTo(other, planned, foreignKeys)) visit(other);
    ordered.push(planned);
  };
  for (const planned of policies) visit(planned);
  return ordered;
}

function refersTo(
  { policy: from }: PlannedPolicy,
  { policy: to }: PlannedPolicy,
  foreignKeys: readonly ForeignKey[],
): boolean {
  return foreignKeys.some(
    key =>
      key.schema === from.schema &&
      key.table === from.table &&
      key.targetSchema === to.schema &&
      key.targetTable === to.table,
  );
}
