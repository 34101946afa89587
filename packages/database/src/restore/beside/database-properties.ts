import { type Connection, type Queryable, sql, sqlState } from '@holdfast/postgres';
import { settingText } from '../../setting-text.ts';

export interface DatabaseSetting {
  /** Null: of every role. */
  readonly role: string | null;
  readonly name: string;
  readonly value: string;
}

/** What belongs to a database and is in no dump of it. */
export interface DatabaseProperties {
  /** -1: none. */
  readonly connectionLimit: number;
  readonly comment: string | null;
  readonly settings: readonly DatabaseSetting[];
}

/** Undefined when there is no such database. */
export async function readProperties(db: Queryable, name: string): Promise<DatabaseProperties | undefined> {
  const found = await db.maybeOne(sql<Omit<DatabaseProperties, 'settings'>>`
    select d.datconnlimit as "connectionLimit", pg_catalog.shobj_description(d.oid, 'pg_database') as comment
    from pg_catalog.pg_database d where d.datname = ${name}`);
  if (found === undefined) return undefined;
  const settings = await db.many(sql<DatabaseSetting>`
    select case when s.setrole <> 0 then pg_catalog.pg_get_userbyid(s.setrole)::text end as role,
      pg_catalog.split_part(item.text, '=', 1) as name,
      pg_catalog.substr(item.text, pg_catalog.strpos(item.text, '=') + 1) as value
    from pg_catalog.pg_db_role_setting s
    join pg_catalog.pg_database d on d.oid = s.setdatabase
    cross join pg_catalog.unnest(s.setconfig) item (text)
    where d.datname = ${name} order by 1 nulls first, 2`);
  return { ...found, settings };
}

/** Only others may set it; there is no such role or setting; it has no such value here. */
const IMPOSSIBLE: ReadonlySet<string> = new Set(['42501', '42704', '22023']);

/** Gives a database the limit and the settings of another one. Resolves to the statements that this role may not run. */
export async function takeProperties(
  admin: Connection,
  name: string,
  { connectionLimit, settings }: Omit<DatabaseProperties, 'comment'>,
): Promise<string[]> {
  const database = sql.id(name).text;
  const statements = settings.map(({ role, name: setting, value }) => {
    const target =
      role === null
        ? `alter database ${database}`
        : `alter role ${sql.id(role).text} in database ${database}`;
    const parts = setting.split('.') as [string, ...string[]];
    return `${target} set ${sql.id(...parts).text} to ${settingText(setting, value)}`;
  });
  if (connectionLimit !== -1)
    statements.push(`alter database ${database} connection limit ${connectionLimit}`);
  const denied: string[] = [];
  for (const statement of statements) {
    try {
      await admin.script(statement);
    } catch (error) {
      if (!IMPOSSIBLE.has(sqlState(error) ?? '')) throw error;
      denied.push(statement);
    }
  }
  return denied;
}
