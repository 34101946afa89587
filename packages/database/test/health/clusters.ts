import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, open as openFile, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Connection, connect, sql } from '@holdfast/postgres';
import type { Cluster } from '@holdfast/postgres/cluster';
import { copyDataDirectory, eventually, findFreePort, throwawayHome } from '@holdfast/testing';
import type { HealthContext } from '../../src/health/entry.ts';
import { type ContextOptions, healthContext, open } from './health-context.ts';

/** As a server in use is set up, where the tests' own server is fast and unsafe. */
const DURABLE = { fsync: 'on', full_page_writes: 'on', shared_buffers: '16MB' };

export interface OwnCluster {
  readonly cluster: Cluster;
  readonly db: Connection;
  context(options?: ContextOptions): Promise<HealthContext>;
  /** Stops the server, lets something happen to its files, and starts it again. */
  whileStopped(work: (dataDir: string) => Promise<void>): Promise<OwnCluster>;
}

/** A server that one test has for itself. */
export async function ownCluster(
  t: TestContext,
  settings: Readonly<Record<string, string>> = {},
): Promise<OwnCluster> {
  const home = await throwawayHome(t);
  const begin = async (): Promise<OwnCluster> => {
    const cluster = await home.start({ settings: { ...DURABLE, ...settings } });
    const db = await open(t, cluster.superuserUrl);
    return {
      cluster,
      db,
      context: options => healthContext(db, cluster.superuserUrl, options),
      whileStopped: async work => {
        await db.close();
        await cluster.stop();
        await work(cluster.dataDir);
        return begin();
      },
    };
  };
  return begin();
}

/** Turns one byte of a file around. */
export async function damageByte(path: string, position: number): Promise<void> {
  const file = await openFile(path, 'r+');
  try {
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, position);
    await file.write(Buffer.from([(buffer[0] ?? 0) ^ 0xff]), 0, 1, position);
  } finally {
    await file.close();
  }
}

/** A standby of a cluster: a copy of its files that follows it by the replication protocol. */
export async function startStandby(
  t: TestContext,
  own: OwnCluster,
): Promise<{ primary: OwnCluster; standby: Connection; url: string }> {
  const copy = `${own.cluster.dataDir}.standby`;
  // the very program that runs the primary: root's copy of it lies where the server's user can reach it
  const program = await readlink(`/proc/${own.cluster.pid}/exe`);
  const user = await ownerOf(own.cluster.pid);
  const primary = await own.whileStopped(dataDir => copyDataDirectory(dataDir, copy));
  const port = await findFreePort();
  const { username, password } = new URL(primary.cluster.superuserUrl);
  const source = `host=127.0.0.1 port=${primary.cluster.port} user=${username} password=${password} application_name=follower`;
  await writeFile(join(copy, 'standby.signal'), '');
  await writeFile(
    join(copy, 'postgresql.auto.conf'),
    `primary_conninfo = '${source}'\nwal_receiver_status_interval = '100ms'\n`,
  );
  for (const name of ['standby.signal', 'postgresql.auto.conf'])
    await chown(join(copy, name), user.uid, user.gid);
  const args = ['-D', copy, '-c', `port=${port}`, '-c', `unix_socket_directories=`];
  const server = spawn(program, args, {
    ...(process.getuid?.() === 0 ? user : {}),
    cwd: copy,
    stdio: 'ignore',
  });
  const ended = once(server, 'exit');
  t.after(async () => {
    server.kill('SIGQUIT');
    await ended;
    await rm(copy, { recursive: true, force: true });
  });
  const url = new URL(primary.cluster.superuserUrl);
  url.port = String(port);
  await eventually(async () => {
    await (await connect({ url: url.href })).close();
    return true;
  });
  const standby = await open(t, url.href);
  await eventually(() => isFollowing(primary.db));
  return { primary, standby, url: url.href };
}

async function ownerOf(pid: number): Promise<{ uid: number; gid: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const id = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  return { uid: id('Uid'), gid: id('Gid') };
}

async function isFollowing(primary: Connection): Promise<boolean> {
  const row = await primary.maybeOne(sql<{ same: boolean }>`
    select replay_lsn = pg_current_wal_lsn() as same from pg_stat_replication where application_name = 'follower'
  `);
  return row?.same === true;
}
