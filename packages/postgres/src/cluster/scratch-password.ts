import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { HoldfastError, isHoldfastError } from '@holdfast/core';
import { connect } from '../connection.ts';
import { sqlState } from '../database-errors.ts';
import { sql } from '../sql.ts';
import { LISTEN_ADDRESS } from './ports.ts';
import { stopPostmaster } from './postmaster.ts';
import { launchScratch, type ScratchRun, type StartedScratch } from './scratch-launch.ts';
import { SUPERUSER } from './state-file.ts';
import { asUser } from './system-user.ts';

/** A scratch cluster that can be logged in to. */
export interface OpenScratch extends StartedScratch {
  readonly superuserUrl: string;
}

/**
 * Gives the first superuser a password and resolves to the URL with it. Recovery forbids writes and there is no password to log
 * in with, so this goes through a socket in a directory that nobody else can enter, right after recovery. Where the superuser is
 * not called `postgres`, single-user mode tells its name, since it needs none.
 */
export async function setScratchPassword(
  run: ScratchRun,
  started: StartedScratch,
  password: string,
): Promise<OpenScratch> {
  const opened = await orStopped(run, started, async () =>
    (await isSuperuser(run, started.port, SUPERUSER)) ? open(run, started, SUPERUSER, password) : undefined,
  );
  if (opened !== undefined) return opened;
  await stopPostmaster(started.postmaster, 'fast', run.clock);
  const name = await askSingleUser(run);
  const again = await launchScratch(run);
  return orStopped(run, again, () => open(run, again, name, password));
}

async function orStopped<T>(
  run: ScratchRun,
  { postmaster }: StartedScratch,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await stopPostmaster(postmaster, 'immediate', run.clock);
    throw error;
  }
}

function socketUrl({ socketDir }: ScratchRun, port: number, user: string): string {
  const query = new URLSearchParams({ host: socketDir, port: String(port) });
  return `postgresql://${encodeURIComponent(user)}@localhost/postgres?${query}`;
}

/** False also when there is no such role, or it may not log in. */
async function isSuperuser(run: ScratchRun, port: number, user: string): Promise<boolean> {
  try {
    const connection = await connect({
      url: socketUrl(run, port, user),
      applicationName: 'holdfast restore',
    });
    try {
      const role = await connection.one(
        sql<{
          super: boolean;
        }>`select rolsuper as super from pg_catalog.pg_roles where rolname = current_user`,
      );
      return role.super;
    } finally {
      await connection.close();
    }
  } catch (error) {
    if (sqlState(error) === '28000') return false;
    if (isHoldfastError(error)) throw error;
    throw new HoldfastError('cluster_failed', 'The restored PostgreSQL does not answer', { cause: error });
  }
}

async function open(
  run: ScratchRun,
  started: StartedScratch,
  name: string,
  password: string,
): Promise<OpenScratch> {
  const { port } = started;
  const connection = await connect({ url: socketUrl(run, port, name), applicationName: 'holdfast restore' });
  try {
    await connection.query(sql`alter role ${sql.id(name)} login password ${sql.literal(password)}`);
  } finally {
    await connection.close();
  }
  const superuserUrl = `postgresql://${encodeURIComponent(name)}:${password}@${LISTEN_ADDRESS}:${port}/postgres`;
  return { ...started, superuserUrl };
}

async function askSingleUser({ binaries, user, options, runDir }: ScratchRun): Promise<string> {
  const { dataDir } = options;
  const parameters = ['--single', '-D', dataDir, '-c', `config_file=${join(runDir, 'postgresql.conf')}`];
  const child = spawn(binaries.postgres, [...parameters, 'template1'], {
    ...asUser(user),
    cwd: dataDir,
    env: { LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => output.push(String(chunk)));
  child.stdin.on('error', () => undefined);
  child.stdin.end('select rolname from pg_catalog.pg_roles where oid = 10\n');
  await once(child, 'close');
  const name = /rolname = "(.*)"\s+\(typeid/.exec(output.join(''))?.[1];
  if (name !== undefined) return name;
  const message = `The superuser of the restored PostgreSQL could not be found out:\n${output.join('').trim()}`;
  throw new HoldfastError('cluster_failed', message);
}
