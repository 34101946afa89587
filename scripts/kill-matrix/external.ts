import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connect, sql } from '@holdfast/postgres';
import { eventually, findFreePort } from '@holdfast/testing';
import { killTree } from './processes.ts';

const run = promisify(execFile);
const PROGRAMS = '/usr/lib/postgresql';

/** A PostgreSQL that Holdfast neither made nor starts: of Debian's package. */
export interface ExternalPostgres {
  /** The database `shop`, as superuser. */
  readonly url: string;
  readonly pid: () => number | undefined;
  kill(): Promise<void>;
  /** Starts it when it does not run. */
  recover(): Promise<void>;
}

export async function createExternal(directory: string, version: string): Promise<ExternalPostgres> {
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async flag => Number((await run('id', [flag, 'postgres'])).stdout)),
  );
  const user = { uid: uid ?? 0, gid: gid ?? 0 };
  await mkdir(directory);
  await chown(directory, user.uid, user.gid);
  await chmod(directory, 0o700);
  const program = (name: string): string => join(PROGRAMS, version, 'bin', name);
  const data = join(directory, 'data');
  const options = { ...user, cwd: directory };
  await run(
    program('initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8'],
    options,
  );
  const port = await findFreePort();
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${directory}`,
    'wal_level=logical',
  ];
  const url = `postgresql://postgres@127.0.0.1:${port}/shop`;
  const state: { pid: number | undefined } = { pid: undefined };
  const start = async (): Promise<void> => {
    const log = await open(join(directory, 'log'), 'a');
    const args = ['-D', data, ...settings.flatMap(setting => ['-c', setting])];
    const child = spawn(program('postgres'), args, { ...options, stdio: ['ignore', log.fd, log.fd] });
    await log.close();
    state.pid = child.pid;
    void once(child, 'exit').then(() => {
      if (state.pid === child.pid) state.pid = undefined;
    });
  };
  return {
    url,
    pid: () => state.pid,
    kill: async () => {
      if (state.pid !== undefined) await killTree(state.pid);
    },
    recover: async () => {
      await eventually(
        async () => {
          if (state.pid === undefined) await start();
          return answers(url.replace('/shop', '/postgres'));
        },
        { timeoutMs: 60_000, pollMs: 50 },
      );
    },
  };
}

async function answers(url: string): Promise<boolean> {
  const connection = await connect({ url });
  try {
    await connection.one(sql`select 1 as one`);
    return true;
  } finally {
    await connection.close();
  }
}
