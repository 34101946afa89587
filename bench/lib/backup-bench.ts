import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, sql } from '@holdfast/postgres';
import { type DebianPostgres, debianProgram, startDebianPostgres } from './debian-postgres.ts';
import { CLI } from './holdfast.ts';
import { createPgBackRest, type PgBackRest } from './pgbackrest.ts';
import { fillDatabase, megabytesOf } from './sample-data.ts';
import { runProgram } from './usage.ts';

export const DATABASE = 'bench';

/** A filled server and the programs that back it up. */
export interface BackupBench {
  readonly home: string;
  readonly server: DebianPostgres;
  /** Of the filled database. */
  readonly url: string;
  readonly pgbackrest: PgBackRest;
  readonly megabytes: number;
  /** Runs the CLI without any settings but those given. */
  holdfast(...args: readonly string[]): Promise<string>;
  /** A program of PostgreSQL, told where the server is. */
  client(name: string, ...args: readonly string[]): Promise<string>;
  newDirectory(): Promise<string>;
  stop(): Promise<void>;
}

/** Starts a server below `home` and fills it with about so many megabytes. */
export async function startBackupBench(home: string, megabytes: number): Promise<BackupBench> {
  const pgbackrest = await createPgBackRest(home, join(home, 'debian'));
  const server = await startDebianPostgres(home, [...pgbackrest.settings, 'max_replication_slots=10']);
  try {
    await pgbackrest.prepare(server.port);
    const admin = await connect({ url: server.url });
    await admin.query(sql`create database ${sql.id(DATABASE)}`);
    await admin.close();
    const url = Object.assign(new URL(server.url), { pathname: `/${DATABASE}` }).href;
    await fillDatabase(url, megabytes);
    const where = ['-h', '127.0.0.1', '-p', String(server.port), '-U', 'postgres'];
    return {
      home,
      server,
      url,
      pgbackrest,
      megabytes: await megabytesOf(url),
      holdfast: (...args) =>
        runProgram(process.execPath, [CLI, ...args, '--home', join(home, 'state'), '--no-env-file']),
      client: (name, ...args) => runProgram(debianProgram(name), [...where, ...args]),
      newDirectory: () => newDirectory(home),
      stop: () => server.stop(),
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function newDirectory(home: string): Promise<string> {
  const directory = await mkdtemp(join(home, 'out-'));
  await chmod(directory, 0o755);
  return directory;
}

/** The one backup below a destination. */
export async function idOfBackup(destination: string): Promise<string> {
  const found = (await readdir(destination)).find(name => /^\d{8}T\d{6}Z-/.test(name));
  if (found === undefined) throw new Error(`There is no backup in ${destination}.`);
  return found;
}

/** Makes a directory empty again. */
export async function emptied(directory: string): Promise<string> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { mode: 0o755 });
  return directory;
}
