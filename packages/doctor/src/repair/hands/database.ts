import { type Queryable, sql } from '@holdfast/postgres';
import { addressesOf } from '../addresses.ts';
import { type Hand, nameIn } from '../hand.ts';
import { quoteName, quoteText } from '../statement.ts';
import { mayAlterRole } from './role-rights.ts';
import { MAY_END } from './sessions.ts';

interface Setting {
  readonly database: string;
  readonly role: string | null;
  readonly value: string;
  readonly everywhere: boolean;
}

/** Takes the setting away that makes the sessions of a database read-only. A standby stays one. */
export const allowWrites: Hand = async context => {
  const db = await context.db();
  const { standby } = await db.one(
    sql<{ standby: boolean }>`select pg_catalog.pg_is_in_recovery() as standby`,
  );
  if (standby) return { cannot: 'the server is a standby: name its primary in the URL, or promote it' };
  const settings = await db.many(sql<Setting>`
    select pg_catalog.current_database()::text as database, r.rolname::text as role, d.setdatabase = 0 as everywhere,
      pg_catalog.split_part(found.item, '=', 2) as value
    from pg_catalog.pg_db_role_setting d
    cross join lateral pg_catalog.unnest(d.setconfig) as found(item)
    left join pg_catalog.pg_roles r on r.oid = d.setrole
    where found.item ~ '^default_transaction_read_only=(on|true|yes|1)$'
      and (d.setdatabase = 0 or d.setdatabase = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()))`);
  if (settings.length === 0)
    return {
      cannot:
        'it is set for the whole server: alter system reset default_transaction_read_only; select pg_reload_conf();',
    };
  const target = ({ database, role, everywhere }: Setting): string => {
    if (role === null) return `alter database ${quoteName(database)}`;
    const where = everywhere ? '' : ` in database ${quoteName(database)}`;
    return `alter role ${quoteName(role)}${where}`;
  };
  const name = 'default_transaction_read_only';
  const statements = settings.map(setting => `${target(setting)} reset ${name}`);
  const ending = `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid();`;
  if (await hasSessionsOfOthers(db))
    return {
      cannot: `this role may not end the sessions that began read-only; as a superuser: ${statements.join('; ')}; ${ending}`,
    };
  const undo = settings.map(setting => `${target(setting)} set ${name} = ${quoteText(setting.value)}`);
  return {
    risk: 'confirm',
    effect: 'none',
    touches: [],
    undo: `${undo.join('; ')};`,
    steps: [
      {
        what: 'Let new sessions write again, and have the present ones begin anew',
        command: `${statements.join(';\n')};`,
        action: { kind: 'transaction', as: 'administrator', statements, undo },
      },
      {
        what: 'End the sessions that began read-only; their clients connect again by themselves',
        command: ending,
        action: {
          kind: 'transaction',
          as: 'administrator',
          statements: [
            `select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity where datname = pg_catalog.current_database() and backend_type = 'client backend' and pid <> pg_catalog.pg_backend_pid() and application_name not like 'holdfast-repair%'`,
          ],
          undo: null,
        },
      },
    ],
  };
};

async function hasSessionsOfOthers(db: Queryable): Promise<boolean> {
  const { found } = await db.one(sql<{ found: boolean }>`
    select exists (
      select from pg_catalog.pg_stat_activity
      where datname = pg_catalog.current_database() and backend_type = 'client backend' and not ${MAY_END}
    ) as found`);
  return found;
}

/** Gives the role of the API the password that its URL has, where another role may do that. */
export const setPassword: Hand = async (context, { subject }) => {
  const role = nameIn(subject);
  const { app, administrator } = await addressesOf(context.target);
  const isApp = app !== undefined && decodeURIComponent(new URL(app).username) === role;
  if (!isApp || administrator === undefined || administrator === app)
    return { cannot: 'the password that the role should have is not known here, or nobody here may set it' };
  const db = await context.db();
  const { by, may } = await mayAlterRole(db, role);
  if (!may)
    return {
      cannot: `the role ${by} may not set it; as a superuser, with the password of the URL: alter role ${quoteName(role)} password '…';`,
    };
  return {
    risk: 'confirm',
    effect: 'none',
    touches: [],
    undo: 'None: the password that the role had is not known; whoever has set it can set it again.',
    steps: [
      {
        what: `Give the role ${role} the password that the URL of the API has`,
        command: `alter role ${quoteName(role)} password '…';`,
        action: { kind: 'password', role },
      },
    ],
  };
};
