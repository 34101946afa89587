import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connect } from '@holdfast/postgres';
import { eventually } from './eventually.ts';

const run = promisify(execFile);
const DEBIAN = '/usr/lib/postgresql';

export interface SystemPostgres {
  readonly superuserUrl: string;
  stop(): Promise<void>;
}

/** The major versions that Debian's packages put on this machine. */
export async function installedVersions(): Promise<string[]> {
  const names = await readdir(DEBIAN).catch(() => []);
  return names.filter(name => /^\d+$/.test(name)).sort();
}

/** A throwaway cluster of one of them, on a free port of the loopback interface. */
export async function startSystemPostgres(
  version: string,
  extra: readonly string[] = [],
): Promise<SystemPostgres> {
  const program = (name: string): string => join(DEBIAN, version, 'bin', name);
  const home = await mkdtemp(join(tmpdir(), `holdfast-pg${version}-`));
  const user = await serverUser();
  if (user !== undefined) await chown(home, user.uid, user.gid);
  const options = { ...user, cwd: home };
  const data = join(home, 'data');
  await run(
    program('initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8'],
    options,
  );
  const port = await freePort();
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${home}`,
    'fsync=off',
    ...extra,
  ];
  const args = ['-D', data, ...settings.flatMap(setting => ['-c', setting])];
  const server = spawn(program('postgres'), args, { ...options, stdio: 'ignore' });
  const ended = once(server, 'exit');
  const superuserUrl = `postgresql://postgres@127.0.0.1:${port}/postgres`;
  const stop = async (): Promise<void> => {
    server.kill('SIGQUIT');
    await ended;
    await rm(home, { recursive: true, force: true });
  };
  await eventually(() => answers(superuserUrl), { timeoutMs: 60_000 });
  return { superuserUrl, stop };
}

/** PostgreSQL does not run as root. */
async function serverUser(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = await Promise.all(['-u', '-g'].map(flag => run('id', [flag, 'postgres'])));
  return { uid: Number(uid?.stdout), gid: Number(gid?.stdout) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function answers(url: string): Promise<true | undefined> {
  try {
    await (await connect({ url })).close();
    return true;
  } catch {
    return undefined;
  }
}
