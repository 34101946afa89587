import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Catalog, type Connection, connect, readCatalog, sql } from '@holdfast/postgres';

/** Copies of one fixture schema on one server. */
export interface Sandbox {
  /** What the untouched fixture looks like. */
  readonly expected: Catalog;
  /** Runs work on a fresh copy, which is dropped afterwards. */
  inCopy<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
  /** The same on one copy that is used again as long as nothing failed: the work leaves it as it was. */
  inReusedCopy(work: (connection: Connection) => Promise<void>): Promise<void>;
  read(connection: Connection): Promise<Catalog>;
  close(): Promise<void>;
}

const ROLES = ['drift_app', 'drift_reader'];

/** Builds the fixture as a template database. */
export async function createSandbox(superuserUrl: string, fixture: string): Promise<Sandbox> {
  const admin = await connect({ url: urlOf(superuserUrl, 'postgres') });
  const prefix = `drift_${randomBytes(4).toString('hex')}`;
  await ensureRoles(admin);
  await ensureTablespace(admin);
  await admin.query(sql`create database ${sql.id(prefix)} template template0`);
  const script = await readFile(join(import.meta.dirname, fixture), 'utf8');
  const template = await connect({ url: urlOf(superuserUrl, prefix) });
  const read = (connection: Connection) => readCatalog(connection, { schemas: 'all' });
  let expected: Catalog;
  try {
    await template.script(script);
    expected = await read(template);
  } finally {
    await template.close();
  }
  let copies = 0;
  const drop = (name: string) => admin.query(sql`drop database ${sql.id(name)} with (force)`);
  const open = async (): Promise<Copy> => {
    copies += 1;
    const name = `${prefix}_${copies}`;
    await admin.query(sql`create database ${sql.id(name)} template ${sql.id(prefix)}`);
    return { name, connection: await connect({ url: urlOf(superuserUrl, name) }) };
  };
  const discard = async (copy: Copy): Promise<void> => {
    await copy.connection.close();
    await drop(copy.name);
  };
  let reused: Copy | undefined;
  return {
    expected,
    read,
    inCopy: async work => {
      const copy = await open();
      return work(copy.connection).finally(() => discard(copy));
    },
    inReusedCopy: async work => {
      const copy = reused ?? (await open());
      reused = undefined;
      try {
        await work(copy.connection);
        reused = copy;
      } finally {
        if (reused === undefined) await discard(copy);
      }
    },
    close: async () => {
      if (reused !== undefined) await discard(reused);
      await drop(prefix);
      // another sandbox may be using it
      await admin.query(sql`drop tablespace if exists drift_disk`).catch(() => undefined);
      await admin.close();
    },
  };
}

interface Copy {
  readonly name: string;
  readonly connection: Connection;
}

async function ensureRoles(admin: Connection): Promise<void> {
  for (const role of ROLES) {
    const found = await admin.maybeOne(sql`select 1 from pg_roles where rolname = ${role}`);
    if (found === undefined) await admin.query(sql`create role ${sql.id(role)}`);
  }
}

/** Another disk, as far as a catalog can tell. */
async function ensureTablespace(admin: Connection): Promise<void> {
  const found = await admin.maybeOne(sql`select 1 from pg_tablespace where spcname = 'drift_disk'`);
  if (found !== undefined) return;
  await admin.query(sql`set allow_in_place_tablespaces = on`);
  await admin.query(sql`create tablespace drift_disk location ''`);
}

function urlOf(superuserUrl: string, database: string): string {
  const url = new URL(superuserUrl);
  url.pathname = `/${database}`;
  return url.href;
}
