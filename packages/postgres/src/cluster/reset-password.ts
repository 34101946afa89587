import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { HoldfastError } from '@holdfast/core';
import { sql } from '../sql.ts';
import type { Binaries } from './binaries.ts';
import { SUPERUSER } from './state-file.ts';
import { asUser, type SystemUser } from './system-user.ts';

/** Sets the superuser's password on a stopped database, for when cluster.json is gone (single-user mode asks for none). */
export async function resetSuperuserPassword(
  binaries: Binaries,
  user: SystemUser | undefined,
  dataDir: string,
  password: string,
): Promise<void> {
  const child = spawn(binaries.postgres, ['--single', '-D', dataDir, 'postgres'], {
    ...asUser(user),
    cwd: dataDir,
    env: { LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => output.push(String(chunk)));
  child.stdin.on('error', () => undefined);
  child.stdin.end(`${sql`alter role ${sql.id(SUPERUSER)} password ${sql.literal(password)}`.text}\n`);
  const [code] = await once(child, 'close');
  // it goes on after an error in a statement, and says so
  if (code === 0 && !/^\S.*(ERROR|FATAL|PANIC): /m.test(output.join(''))) return;
  const message = `The database in ${dataDir} could not be opened to set a new password:\n${output.join('').trim()}`;
  throw new HoldfastError('cluster_failed', message);
}
