import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { type Connection, connect, sql } from '@holdfast/postgres';
import { findFreePort } from '@holdfast/testing';
import { eventually } from '../fixtures.ts';
import { openSession } from './examine.ts';

const run = promisify(execFile);

export interface Standby {
  readonly url: string;
  /** Makes it stream through a physical slot of this name, which it creates on the primary. */
  useSlot(name: string): Promise<void>;
  stop(): Promise<void>;
}

interface StandbyOptions {
  /** A superuser's connection to the primary. */
  readonly db: Connection;
  readonly home: string;
  readonly dataDir: string;
  /** What it calls itself at the primary. */
  readonly name: string;
}

/** A streaming standby with feedback: a copy of the running primary, made between pg_backup_start and pg_backup_stop. */
export async function startStandbyOf(t: TestContext, options: StandbyOptions): Promise<Standby> {
  const { db, home, dataDir, name } = options;
  const copy = join(home, 'standby');
  const passwords = JSON.parse(await readFile(join(home, 'cluster.json'), 'utf8')).passwords;
  const { port } = await db.one(sql<{ port: string }>`select current_setting('port') as port`);
  await copyRunning(db, dataDir, copy);
  const primary = `host=127.0.0.1 port=${port} user=postgres password=${passwords.superuser} application_name=${name}`;
  const own = await findFreePort();
  await writeFile(join(copy, 'standby.signal'), '');
  const settings = `primary_conninfo = '${primary}'\nhot_standby_feedback = on\nwal_receiver_status_interval = 1\nport = ${own}\n`;
  await appendFile(join(copy, 'postgresql.auto.conf'), settings);
  const { uid, gid } = await stat(dataDir);
  await run('chown', ['-R', `${uid}:${gid}`, copy]);
  const server = spawn(await programOf(dataDir), ['-D', copy], { uid, gid, stdio: 'ignore', cwd: copy });
  const ended = once(server, 'exit');
  const stop = async (): Promise<void> => {
    server.kill('SIGQUIT');
    await ended;
    await rm(copy, { recursive: true, force: true });
  };
  t.after(stop);
  const url = `postgresql://postgres:${passwords.superuser}@127.0.0.1:${own}/postgres`;
  await eventually('the standby answers', () => answers(url));
  return {
    url,
    stop,
    useSlot: async slot => {
      await db.query(sql`select pg_create_physical_replication_slot(${slot})`);
      const session = await openSession(t, url);
      await session.query(sql`alter system set primary_slot_name = ${sql.literal(slot)}`);
      await session.query(sql`select pg_reload_conf()`);
    },
  };
}

/** The backup has to begin and end in one session. */
async function copyRunning(db: Connection, dataDir: string, copy: string): Promise<void> {
  await db.query(sql`select pg_backup_start('standby', true)`);
  await run('cp', ['-a', dataDir, copy]);
  const { label } = await db.one(
    sql<{ label: string }>`select labelfile as label from pg_backup_stop(false)`,
  );
  await writeFile(join(copy, 'backup_label'), label);
  await rm(join(copy, 'postmaster.pid'), { force: true });
}

/** The program that runs on this data directory, as it noted itself. */
async function programOf(dataDir: string): Promise<string> {
  const options = await readFile(join(dataDir, 'postmaster.opts'), 'utf8');
  return options.split(' "')[0]?.trim() ?? '';
}

async function answers(url: string): Promise<true | undefined> {
  try {
    await (await connect({ url })).close();
    return true;
  } catch {
    return undefined;
  }
}
