import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connect } from '@holdfast/postgres';
import { until } from './by-hand.ts';

const run = promisify(execFile);

/** The PostgreSQL that Debian's packages bring: server and clients of one version, so that all sides are alike. */
export const DEBIAN_VERSION = '15';
export const debianProgram = (name: string): string =>
  join('/usr/lib/postgresql', DEBIAN_VERSION, 'bin', name);

export interface DebianPostgres {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly dataDir: string;
  stop(): Promise<void>;
}

/** Who runs PostgreSQL: this user, unless that is root. */
export function postgresUser(): { readonly uid: number; readonly gid: number } | undefined {
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return process.getuid?.() === 0 ? { uid: id('-u'), gid: id('-g') } : undefined;
}

/** A new cluster below `home`, durable as it comes, with what replication needs. */
export async function startDebianPostgres(
  home: string,
  settings: readonly string[] = [],
): Promise<DebianPostgres> {
  const data = join(home, 'debian');
  const user = postgresUser();
  await mkdir(data, { mode: 0o700 });
  if (user) await chown(data, user.uid, user.gid);
  const initdb = ['-D', data, '-U', 'postgres', '-A', 'trust', '-k', '-E', 'UTF8', '--locale=C'];
  await run(debianProgram('initdb'), initdb, { ...user, cwd: '/' });
  return startDebianOn(data, ['wal_level=logical', ...settings]);
}

/** A server on a data directory that its user owns; resolves when it answers. */
export async function startDebianOn(
  dataDir: string,
  settings: readonly string[] = [],
): Promise<DebianPostgres> {
  const port = await freePort();
  const all = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'shared_buffers=256MB',
    'max_wal_size=4GB',
    ...settings,
  ];
  const args = ['-D', dataDir, ...all.flatMap(setting => ['-c', setting])];
  const server = spawn(debianProgram('postgres'), args, { ...postgresUser(), cwd: '/', stdio: 'ignore' });
  const ended = once(server, 'exit');
  const url = `postgresql://postgres@127.0.0.1:${port}/postgres`;
  const stop = async () => {
    server.kill('SIGINT');
    await ended;
  };
  try {
    await (await until('PostgreSQL', () => connect({ url }))).close();
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, port, pid: server.pid ?? 0, dataDir, stop };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
