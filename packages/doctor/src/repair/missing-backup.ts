import { connect, sql } from '@holdfast/postgres';
import type { OtherTarget } from '../config/other-target.ts';
import type { Target } from '../target.ts';
import { addressesOf } from './addresses.ts';
import type { RepairTools } from './repair-options.ts';

/** Why there are no hands for a backup, as a clause; undefined when there are. */
export function whyNoBackupTool({ backup, whyNoBackup }: RepairTools): string | undefined {
  return backup === undefined ? (whyNoBackup ?? 'no destination is configured') : undefined;
}

/** What is said of a repair that is not begun without its backup, as a clause. */
export function withoutBackupClause(why: string): string {
  return `no backup can be taken before: ${why}; --no-backup goes on without`;
}

interface HiddenRows {
  readonly tables: readonly string[];
  readonly role: string;
}

/**
 * Why pg_dump would refuse to take the backup, as a clause: row level security hides rows from the role that would dump. Undefined when
 * nothing of it is known. The embedded database is copied as files.
 */
export async function whyNoDump(target: Target | OtherTarget): Promise<string | undefined> {
  const { owner: url } = await addressesOf(target);
  if (target.database.embedded?.inUse === true || url === undefined) return undefined;
  const { tables, role } = await readHiddenRows(url).catch((): HiddenRows => ({ tables: [], role: '' }));
  const [first, ...others] = tables;
  if (first === undefined) return undefined;
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return `row level security hides rows of ${first}${more} from the role ${role}, and pg_dump refuses to leave them out: a role with BYPASSRLS or a superuser as the owner's URL may take it`;
}

const STATEMENT_MS = 5_000;

async function readHiddenRows(url: string): Promise<HiddenRows> {
  const connection = await connect({
    ...{ url, applicationName: 'holdfast-repair plan', statementTimeoutMs: STATEMENT_MS },
  });
  try {
    return await connection.one(sql<{ tables: string[]; role: string }>`
      select current_user::text as role,
        coalesce(pg_catalog.array_agg(c.oid::regclass::text order by c.oid), '{}') as tables
      from pg_catalog.pg_class c
      where c.relkind = 'r' and c.relrowsecurity and pg_catalog.row_security_active(c.oid)`);
  } finally {
    await connection.close();
  }
}
