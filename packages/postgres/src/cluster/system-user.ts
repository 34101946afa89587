import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { HoldfastError } from '@holdfast/core';

const run = promisify(execFile);

/** A user of the operating system that root runs PostgreSQL as; PostgreSQL refuses to run as root. */
export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** The user named, else `postgres`, else `nobody`. */
export async function chooseSystemUser(requested: string | undefined): Promise<SystemUser> {
  const names = requested === undefined ? ['postgres', 'nobody'] : [requested];
  for (const name of names) {
    const user = await findSystemUser(name);
    if (user !== undefined && user.uid !== 0) return user;
  }
  const message = `PostgreSQL does not run as root, and there is no other user ${names.join(' or ')} on this system. Create one or name it with HOLDFAST_POSTGRES_USER`;
  throw new HoldfastError('cluster_failed', message);
}

/** Through id(1), which also knows users that are not in /etc/passwd. */
async function findSystemUser(name: string): Promise<SystemUser | undefined> {
  try {
    const [uid, gid] = await Promise.all(['-u', '-g'].map(flag => run('id', [flag, '--', name])));
    return { name, uid: Number(uid?.stdout), gid: Number(gid?.stdout) };
  } catch {
    return undefined;
  }
}

/** The owner of a file or directory. */
export async function ownerOf(path: string): Promise<SystemUser> {
  const { uid, gid } = await stat(path);
  const name = await run('id', ['-nu', '--', String(uid)]).catch(() => undefined);
  return { name: name?.stdout.trim() ?? String(uid), uid, gid };
}

/** Whether that user can enter a directory. The kernel is asked, since modes alone do not tell the whole truth. */
export async function canEnter(user: SystemUser, directory: string): Promise<boolean> {
  const child = spawn('/bin/sh', ['-c', 'cd "$0"', directory], {
    ...asUser(user),
    cwd: '/',
    stdio: 'ignore',
  });
  const [code] = await once(child, 'exit');
  return code === 0;
}

/** The spawn options that make a child run as that user; none for undefined. */
export function asUser(user: SystemUser | undefined): { uid?: number; gid?: number } {
  return user === undefined ? {} : { uid: user.uid, gid: user.gid };
}
