import { HoldfastError } from '@holdfast/core';
import { type PurgePolicy, type Queryable, sql } from '@holdfast/postgres';
import type { PlannedPolicy } from './planned-policy.ts';
import type { PolicyEntry } from './policy-file.ts';
import { findTable, isHoldfastDatabase, type TableFacts } from './table-queries.ts';

/** What a run of the cleanup is asked to look at. */
export interface PolicyChoice {
  /** The policies of Holdfast's own tables; they hold on a database of Holdfast's alone. */
  readonly builtIn: readonly PurgePolicy[];
  /** How long things are kept where the policy leaves it to the run, in milliseconds. */
  readonly retentionMs: number;
  /** The same for a kind, over what its policies say themselves. */
  readonly kinds?: Partial<Record<PurgePolicy['kind'], number>>;
  /** Of a policy file. */
  readonly entries?: readonly PolicyEntry[];
}

/** A policy that does not apply here, and why. */
export interface SkippedPolicy {
  readonly policy: PurgePolicy;
  readonly reason: string;
}

export interface ChosenPolicies {
  readonly isHoldfast: boolean;
  readonly planned: readonly PlannedPolicy[];
  readonly skipped: readonly SkippedPolicy[];
}

const TIMES = ['timestamp with time zone', 'timestamp without time zone', 'date'];

/**
 * Finds out which policies hold on this database, and for how long each lets rows be kept.
 * @throws HoldfastError `configuration_invalid` with everything in the policy file that does not fit the database.
 */
export async function choosePolicies(db: Queryable, choice: PolicyChoice): Promise<ChosenPolicies> {
  const isHoldfast = await isHoldfastDatabase(db);
  const builtIn = isHoldfast ? choice.builtIn : [];
  const policies = [...builtIn, ...(await filePolicies(db, choice.entries ?? [], builtIn, isHoldfast))];
  const planned: PlannedPolicy[] = [];
  const skipped: SkippedPolicy[] = [];
  for (const policy of policies) {
    const retentionMs = retentionOf(policy, choice);
    const reason =
      retentionMs === 'never' ? 'kept until a retention is set' : await whyNot(db, policy, builtIn);
    if (retentionMs === 'never' || reason !== undefined) skipped.push({ policy, reason: reason ?? '' });
    else planned.push({ policy, retentionMs: Math.max(retentionMs, policy.atLeast?.ms ?? 0) });
  }
  return { isHoldfast, planned, skipped };
}

/** The policies that a file adds. @throws `configuration_invalid` with the problems of all its entries */
async function filePolicies(
  db: Queryable,
  entries: readonly PolicyEntry[],
  builtIn: readonly PurgePolicy[],
  isHoldfast: boolean,
): Promise<PurgePolicy[]> {
  const policies: PurgePolicy[] = [];
  const problems: string[] = [];
  for (const entry of entries) {
    if (entry.kind === 'override') problems.push(...unknownPolicy(entry.policy, builtIn, isHoldfast));
    else {
      const { policy, problems: own } = await tablePolicy(db, entry, builtIn);
      problems.push(...own);
      if (policy !== undefined) policies.push(policy);
    }
  }
  if (problems.length > 0) throw invalid(problems);
  return policies;
}

function retentionOf(
  { name, kind, retentionMs }: PurgePolicy,
  { entries = [], kinds = {}, retentionMs: runMs }: PolicyChoice,
): number | 'never' {
  const override = entries.find(entry => entry.kind === 'override' && entry.policy === name);
  const asked = override?.retentionMs ?? kinds[kind] ?? retentionMs;
  return asked === 'run' ? runMs : asked;
}

async function whyNot(
  db: Queryable,
  policy: PurgePolicy,
  builtIn: readonly PurgePolicy[],
): Promise<string | undefined> {
  if (!builtIn.includes(policy)) return undefined;
  const table = await findTable(db, [policy.schema, policy.table]);
  if (table === undefined) return 'this database has no such table';
  const missing = policy.columns.filter(column => !Object.hasOwn(table.columns, column));
  return missing.length === 0 ? undefined : `the table has no column ${missing.join(', ')}`;
}

function unknownPolicy(name: string, builtIn: readonly PurgePolicy[], isHoldfast: boolean): string[] {
  if (builtIn.some(policy => policy.name === name)) return [];
  const known = isHoldfast
    ? `there are ${builtIn.map(policy => policy.name).join(', ')}`
    : 'this database is not one of Holdfast, so it has none';
  return [`There is no policy "${name}"; ${known}.`];
}

/** The policy of an entry, or everything that keeps it from being one. */
async function tablePolicy(
  db: Queryable,
  entry: PolicyEntry & { readonly kind: 'table' },
  builtIn: readonly PurgePolicy[],
): Promise<{ readonly policy?: PurgePolicy; readonly problems: readonly string[] }> {
  const found = await findTable(db, entry.table.split('.'));
  if (found === undefined) return { problems: [`There is no table "${entry.table}".`] };
  const problems = [...tableProblems(entry, found, builtIn)];
  for (const name of entry.owns) {
    if ((await findTable(db, [found.schema, name])) === undefined) {
      problems.push(
        `There is no table "${name}" in the schema "${found.schema}", which "${entry.table}" is to own.`,
      );
    }
  }
  return problems.length === 0 ? { policy: policyOf(entry, found), problems } : { problems };
}

function policyOf(
  entry: PolicyEntry & { readonly kind: 'table' },
  { schema, table }: TableFacts,
): PurgePolicy {
  const column = sql.id(entry.column);
  return {
    name: `${schema === 'public' ? table : `${schema}.${table}`}.${entry.column}`,
    what: entry.deleted ? `rows marked deleted in ${entry.column}` : `rows by ${entry.column}`,
    schema,
    table,
    columns: [entry.column],
    kind: entry.deleted ? 'deleted' : 'expired',
    retentionMs: entry.retentionMs,
    condition: (row, cutoff) => sql`${row}.${column} < ${cutoff}`,
    owns: entry.owns,
  };
}

/** What is wrong with the table itself hides what is wrong with its column. */
function* tableProblems(
  entry: PolicyEntry & { readonly kind: 'table' },
  { schema, table, kind, columns }: TableFacts,
  builtIn: readonly PurgePolicy[],
): Generator<string> {
  if (!['r', 'p'].includes(kind)) return yield `"${entry.table}" is no table that rows can be deleted from.`;
  const own = builtIn.filter(
    policy => policy.schema === schema && (policy.table === table || policy.owns?.includes(table)),
  );
  if (own.length > 0) {
    const names = own.map(({ name }) => `"${name}"`).join(' or ');
    return yield `"${entry.table}" is looked after by Holdfast; set the retention of its policy: {"policy": ${names}, …}.`;
  }
  if (/^(pg_|holdfast_|information_schema$)/.test(schema)) {
    return yield `"${entry.table}" is in the schema ${schema}, which is not cleaned.`;
  }
  const type = columns[entry.column];
  if (type === undefined) yield `"${entry.table}" has no column "${entry.column}".`;
  else if (!TIMES.includes(type)) {
    yield `The column "${entry.column}" of "${entry.table}" is of type ${type}, not a time.`;
  }
}

function invalid(problems: readonly string[]): HoldfastError {
  const text = problems.length === 1 ? ` ${problems[0]}` : problems.map(problem => `\n  ${problem}`).join('');
  return new HoldfastError('configuration_invalid', `Policy file:${text}`, { details: { problems } });
}
