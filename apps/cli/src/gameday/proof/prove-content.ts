import type { DatabaseContent } from '@holdfast/database/backup';
import { type ProofItem, proven } from './proof.ts';

/** Counts and checksums of every table, as a backup takes them. */
export type TableSums = ReadonlyMap<string, { readonly rows: number; readonly checksum: string | null }>;

export function tableSums({ tables }: DatabaseContent): TableSums {
  return new Map(
    tables.map(({ schema, name, rows, checksum }) => [`${schema}.${name}`, { rows: rows ?? -1, checksum }]),
  );
}

/** Tables that simulated users never write to. */
export const UNTOUCHED: readonly string[] = [
  'public.roles',
  'public.permissions',
  'public.role_permissions',
  'public.one_time_tokens',
  'public.oauth_providers',
  'public.oauth_accounts',
  'holdfast_ledger.migrations',
];

/** What a restore itself writes: the lost time, the sessions that ended in it, and the record of both. */
const WRITTEN_BY_RESTORE: readonly string[] = [
  'public.sessions',
  'public.refresh_tokens',
  'public.audit_log',
  'public.signing_keys',
];
const RECOVERY_SCHEMA = 'holdfast_recovery.';

/** Tables that must hold the very rows of the point that was restored to. */
export function exactTables(before: TableSums): readonly string[] {
  return [...before.keys()].filter(
    name => !WRITTEN_BY_RESTORE.includes(name) && !name.startsWith(RECOVERY_SCHEMA),
  );
}

/** Rows and checksums of these tables are those from before. */
export function proveContent(before: TableSums, after: TableSums, names: readonly string[]): ProofItem {
  const known = names.filter(name => before.has(name));
  const problems = known.flatMap(name => {
    const [was, is] = [before.get(name), after.get(name)];
    if (is === undefined) return [`${name} is not there`];
    if (was?.rows !== is.rows) return [`${name} has ${is.rows} rows instead of ${was?.rows}`];
    return was.checksum === is.checksum ? [] : [`the rows of ${name} are others`];
  });
  const rows = known.reduce((sum, name) => sum + (before.get(name)?.rows ?? 0), 0);
  return proven(
    'tables are as right before the damage',
    `${known.length} tables with ${rows} rows, by checksum`,
    problems,
  );
}
