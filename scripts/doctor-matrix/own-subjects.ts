import { operations } from '@holdfast/contract';
import { type Connection, sql } from '@holdfast/postgres';

/** What can be broken in the schema of a Holdfast, and the tables that go with it. */
export interface Subject {
  /** What the injection is made with. */
  readonly names: readonly string[];
  readonly touches: readonly string[];
}

/** The subjects of an injection that is made with names, by the name of its export. */
export type SubjectFinder = (db: Connection) => Promise<readonly Subject[]>;

interface Row {
  readonly names: string[];
  readonly touches: string[];
}

const INSIDE = sql`relnamespace = 'public'::regnamespace and not relispartition`;

/** A table, and those that lose their foreign keys with it. */
const tables: SubjectFinder = db =>
  db.many(sql<Row>`
    select array[relname::text] as names,
      array(
        select relname::text union
        select referring.relname::text from pg_constraint
        join pg_class as referring on referring.oid = conrelid where confrelid = pg_class.oid
      ) as touches
    from pg_class where relkind in ('r', 'p') and ${INSIDE} order by relname
  `);

/** Any column that no key of another table refers to. */
const columns: SubjectFinder = db =>
  db.many(sql<Row>`
    select array[relname::text, attname::text] as names, array[relname::text] as touches
    from pg_attribute join pg_class on pg_class.oid = attrelid
    where relkind = 'r' and ${INSIDE} and attnum > 0 and not attisdropped and not exists (
      select from pg_constraint where confrelid = attrelid and attnum = any (confkey)
    )
    order by relname, attnum
  `);

/** Indexes that are no part of a constraint. */
const indexes: SubjectFinder = db =>
  db.many(sql<Row>`
    select array[pg_class.relname::text] as names, array[own.relname::text] as touches
    from pg_index join pg_class on pg_class.oid = indexrelid join pg_class as own on own.oid = indrelid
    where pg_class.relnamespace = 'public'::regnamespace and not pg_class.relispartition
      and not exists (select from pg_constraint where conindid = indexrelid)
    order by pg_class.relname
  `);

/** Constraints that nothing else hangs on. */
const constraints: SubjectFinder = db =>
  db.many(sql<Row>`
    select array[relname::text, conname::text] as names, array[relname::text] as touches
    from pg_constraint join pg_class on pg_class.oid = conrelid
    where ${INSIDE} and contype in ('f', 'c', 'u') and not exists (
      select from pg_depend
      where refclassid = 'pg_constraint'::regclass and refobjid = pg_constraint.oid and deptype = 'n'
    ) and not exists (
      select from pg_constraint as referring
      where pg_constraint.contype = 'u' and referring.contype = 'f' and referring.conindid = pg_constraint.conindid
    )
    order by relname, conname
  `);

const triggers: SubjectFinder = db =>
  db.many(sql<Row>`
    select array[relname::text, tgname::text] as names, array[relname::text] as touches
    from pg_trigger join pg_class on pg_class.oid = tgrelid
    where ${INSIDE} and not tgisinternal order by relname, tgname
  `);

/** Functions without arguments, which go with the triggers that call them. */
const functions: SubjectFinder = db =>
  db.many(sql<Row>`
    select array[proname::text] as names, array(
      select relname::text from pg_trigger join pg_class on pg_class.oid = tgrelid where tgfoid = pg_proc.oid
    ) as touches
    from pg_proc where pronamespace = 'public'::regnamespace and pronargs = 0
      and not exists (select from pg_depend where objid = pg_proc.oid and deptype = 'e')
    order by proname
  `);

/** Tables that the role of the API has rights on. */
const granted: SubjectFinder = db =>
  db.many(sql<Row>`
    select array[relname::text] as names, array[relname::text] as touches from pg_class
    where relkind in ('r', 'p') and ${INSIDE} and has_table_privilege('holdfast_app', oid, 'select')
    order by relname
  `);

/** Tables that a sign-in writes. */
const written: SubjectFinder = async () =>
  ['sessions', 'refresh_tokens', 'login_attempts'].map(name => ({ names: [name], touches: [name] }));

/** Sequences whose first number is taken. */
const sequences: SubjectFinder = async db => {
  const owned = await db.many(sql<Row>`
    select array[relname::text, attname::text] as names, array[relname::text] as touches
    from pg_attribute join pg_class on pg_class.oid = attrelid
    where relkind in ('r', 'p') and ${INSIDE} and attnum > 0 and not attisdropped
      and pg_get_serial_sequence(quote_ident(relname), attname) = format('public.%s_%s_seq', relname, attname)
    order by relname
  `);
  const used: Subject[] = [];
  for (const subject of owned) {
    const [table = '', column = ''] = subject.names;
    const { taken } = await db.one(
      sql<{
        taken: boolean;
      }>`select coalesce(max(${sql.id(column)}) > 1, false) as taken from ${sql.id(table)}`,
    );
    if (taken) used.push(subject);
  }
  return used;
};

const permissions: SubjectFinder = async () =>
  [
    ...new Set(
      Object.values(operations).flatMap(operation =>
        'permission' in operation && operation.permission !== undefined ? [String(operation.permission)] : [],
      ),
    ),
  ].map(name => ({ names: [name], touches: ['role_permissions'] }));

const roles: SubjectFinder = async () =>
  ['admin', 'operator', 'support', 'user'].map(name => ({
    names: [name],
    touches: ['roles', 'role_permissions', 'user_roles'],
  }));

/** Tables that hold something whenever accounts have signed in; the others go with users. */
const neverEmpty: SubjectFinder = async () => [
  {
    names: ['users'],
    touches: ['users', 'password_credentials', 'user_roles', 'user_profiles', 'sessions', 'refresh_tokens'],
  },
  { names: ['user_roles'], touches: ['user_roles'] },
  { names: ['password_credentials'], touches: ['password_credentials'] },
];

export const SUBJECTS: Readonly<Record<string, SubjectFinder>> = {
  tableMissing: tables,
  columnMissing: columns,
  indexMissing: indexes,
  constraintMissing: constraints,
  triggerDisabled: triggers,
  functionMissing: functions,
  rightsRevoked: granted,
  rowSecurityEnabled: granted,
  triggerRefusesRows: written,
  sequenceBehind: sequences,
  permissionNotGranted: permissions,
  builtInRoleMissing: roles,
  tableLocked: granted,
  tableLockedQuietly: granted,
  tableEmptied: neverEmpty,
};
