import { type Queryable, sql } from '@holdfast/postgres';
import { type Hand, nameIn } from '../hand.ts';
import type { NoPlan, RepairPlan } from '../repair-plan.ts';
import { quoteName } from '../statement.ts';
import { mayAlterDatabase, mayAlterRole } from './role-rights.ts';

interface Change {
  readonly what: string;
  readonly statement: string;
  readonly undo: string;
}

/** One statement about a role or a database, and the one that makes it what it was. Rows and definitions stay. */
function planOf({ what, statement, undo }: Change): RepairPlan {
  return {
    risk: 'confirm',
    effect: 'none',
    touches: [],
    undo: `${undo};`,
    steps: [
      {
        what,
        command: `${statement};`,
        action: { kind: 'transaction', as: 'administrator', statements: [statement], undo: [undo] },
      },
    ],
  };
}

/** The plan where the role of the session may carry it out; else what a superuser types. */
function ifAllowed(
  { may, by }: { readonly may: boolean; readonly by: string },
  change: Change,
): RepairPlan | NoPlan {
  return may
    ? planOf(change)
    : { cannot: `the role ${by} may not do it; as a superuser: ${change.statement};` };
}

/** Makes the password of a role good again, without an end. */
export const extendPassword: Hand = async (context, { subject }) => {
  const role = nameIn(subject);
  const db = await context.db();
  const found = await db.maybeOne(sql<{ until: string }>`
    select pg_catalog.to_json(rolvaliduntil) #>> '{}' as until from pg_catalog.pg_roles
    where rolname = ${role} and rolvaliduntil < pg_catalog.clock_timestamp()`);
  if (found === undefined) return { cannot: `the password of ${role} has not expired any more` };
  const valid = `alter role ${quoteName(role)} valid until`;
  return ifAllowed(await mayAlterRole(db, role), {
    what: `Make the password of the role ${role} good without an end; it was until ${found.until}`,
    statement: `${valid} 'infinity'`,
    undo: `${valid} '${found.until}'`,
  });
};

/** Lifts the limit of connections of a role or of the database. */
export const liftLimit: Hand = async (context, { subject }) => {
  const name = nameIn(subject);
  const db = await context.db();
  const isRole = subject.startsWith('role:');
  const limit = isRole ? await limitOfRole(db, name) : await limitOfDatabase(db, name);
  if (limit === undefined) return { cannot: `${name} has no limit of its own any more` };
  const target = `alter ${isRole ? 'role' : 'database'} ${quoteName(name)} connection limit`;
  return ifAllowed(await (isRole ? mayAlterRole(db, name) : mayAlterDatabase(db)), {
    what: `Lift the limit of ${limit} connections of the ${subject.replace(':', ' ')}`,
    statement: `${target} -1`,
    undo: `${target} ${limit}`,
  });
};

async function limitOfRole(db: Queryable, name: string): Promise<number | undefined> {
  const found = await db.maybeOne(sql<{ most: number }>`
    select rolconnlimit as most from pg_catalog.pg_roles where rolname = ${name} and rolconnlimit >= 0`);
  return found?.most;
}

/** Of the one that the session is in. */
async function limitOfDatabase(db: Queryable, name: string): Promise<number | undefined> {
  const found = await db.maybeOne(sql<{ most: number }>`
    select datconnlimit as most from pg_catalog.pg_database
    where datname = ${name} and datname = pg_catalog.current_database() and datconnlimit >= 0`);
  return found?.most;
}

interface Door {
  readonly database: string;
  readonly login: boolean;
  readonly connect: boolean;
}

/** Lets a role in that may not log in, or not connect to the database. What pg_hba.conf says is not ours to write. */
export const letIn: Hand = async (context, { subject }) => {
  const role = nameIn(subject);
  const db = await context.db();
  const door = await db.maybeOne(sql<Door>`
    select pg_catalog.current_database()::text as database, rolcanlogin as login,
      pg_catalog.has_database_privilege(oid, pg_catalog.current_database(), 'CONNECT') as connect
    from pg_catalog.pg_roles where rolname = ${role}`);
  if (door === undefined) return { cannot: `there is no role ${role}` };
  const named = quoteName(role);
  if (!door.login)
    return ifAllowed(await mayAlterRole(db, role), {
      what: `Let the role ${role} log in`,
      statement: `alter role ${named} login`,
      undo: `alter role ${named} nologin`,
    });
  if (door.connect)
    return { cannot: 'the role may log in and connect: a line of pg_hba.conf keeps it out, or is missing' };
  const database = quoteName(door.database);
  return ifAllowed(await mayAlterDatabase(db), {
    what: `Let the role ${role} connect to the database ${door.database}`,
    statement: `grant connect on database ${database} to ${named}`,
    undo: `revoke connect on database ${database} from ${named}`,
  });
};
