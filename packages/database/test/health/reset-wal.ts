import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { connect } from '@holdfast/postgres';
import { findFreePort } from '@holdfast/testing';
import { eventually } from '../fixtures.ts';
import { installedVersions } from '../system-postgres.ts';

const run = promisify(execFile);
const MOST = 2 ** 31 - 1;
const SEGMENT_BYTES = 32 * 8_192;
/** Transactions whose state one segment of pg_xact holds: two bits each. */
const XIDS_PER_SEGMENT = SEGMENT_BYTES * 4;
/** Multixacts whose offset one segment of pg_multixact/offsets holds: four bytes each. */
const MXIDS_PER_SEGMENT = SEGMENT_BYTES / 4;

/**
 * Ages a cluster of each PostgreSQL of the system to 56 % and then 80 % of the way to wraparound, with pg_resetwal while it
 * is stopped, and calls `look` on each. The embedded PostgreSQL comes without pg_resetwal.
 */
export async function ageWithResetWal(
  t: TestContext,
  option: '-x' | '-m',
  look: (url: string, percent: number) => Promise<void>,
): Promise<void> {
  const versions = await installedVersions();
  t.diagnostic(`aged with pg_resetwal: PostgreSQL ${versions.join(', ') || 'none is on this machine'}`);
  for (const version of versions) {
    const { data, program, user } = await initialize(t, version);
    for (const percent of [56, 80]) {
      await moveIds(data, program('pg_resetwal'), option, Math.round((MOST * percent) / 100), user);
      const server = await start(data, program('postgres'), user);
      try {
        await look(server.url, percent);
      } finally {
        await server.stop();
      }
    }
  }
}

type User = { readonly uid: number; readonly gid: number } | undefined;

async function initialize(
  t: TestContext,
  version: string,
): Promise<{ data: string; program: (name: string) => string; user: User }> {
  const program = (name: string): string => join('/usr/lib/postgresql', version, 'bin', name);
  const home = await mkdtemp(join(tmpdir(), 'holdfast-aged-'));
  t.after(() => rm(home, { recursive: true, force: true }));
  const user = await serverUser();
  if (user !== undefined) await chown(home, user.uid, user.gid);
  const data = join(home, 'data');
  await run(program('initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync'], {
    ...user,
    cwd: home,
  });
  return { data, program, user };
}

/** PostgreSQL does not run as root. */
async function serverUser(): Promise<User> {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = await Promise.all(['-u', '-g'].map(flag => run('id', [flag, 'postgres'])));
  return { uid: Number(uid?.stdout), gid: Number(gid?.stdout) };
}

/** Sets the next id. The segment that holds its state must exist, as it would after that many transactions. */
async function moveIds(
  data: string,
  resetWal: string,
  option: '-x' | '-m',
  next: number,
  user: User,
): Promise<void> {
  const isXid = option === '-x';
  const segment = Math.floor(next / (isXid ? XIDS_PER_SEGMENT : MXIDS_PER_SEGMENT));
  const name = segment.toString(16).toUpperCase().padStart(4, '0');
  const path = join(data, isXid ? 'pg_xact' : 'pg_multixact/offsets', name);
  const file = await open(path, 'w', 0o600);
  await file.truncate(SEGMENT_BYTES);
  if (user !== undefined) await file.chown(user.uid, user.gid);
  await file.close();
  await run(resetWal, ['-D', data, option, isXid ? String(next) : `${next},1`], { ...user, cwd: data });
}

/** Without autovacuum's emergency, which would freeze everything before it can be looked at. */
async function start(
  data: string,
  postgres: string,
  user: User,
): Promise<{ url: string; stop: () => Promise<void> }> {
  const port = await findFreePort();
  const settings = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: data,
    fsync: 'off',
    autovacuum: 'off',
    autovacuum_freeze_max_age: '2000000000',
    autovacuum_multixact_freeze_max_age: '2000000000',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = spawn(postgres, ['-D', data, ...args], { ...user, stdio: 'ignore', cwd: data });
  const ended = once(server, 'exit');
  const url = `postgresql://postgres@127.0.0.1:${port}/postgres`;
  const stop = async (): Promise<void> => {
    server.kill('SIGINT');
    await ended;
  };
  await eventually('the aged server answers', async () => {
    const connection = await connect({ url }).catch(() => undefined);
    await connection?.close();
    return connection === undefined ? undefined : true;
  });
  return { url, stop };
}
