import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createPasswordHasher } from '@holdfast/auth/passwords';
import { HoldfastError } from '@holdfast/core';
import { failureOf, type RunHoldfast } from '../system/holdfast-child.ts';
import { PASSWORD } from './simulated-user.ts';

/** Makes many accounts at once. They share one password, so that it is hashed once; each sign-in hashes it again. */
export async function importUsers(emails: readonly string[], home: string, run: RunHoldfast): Promise<void> {
  const passwordHash = await createPasswordHasher().hash(PASSWORD);
  const file = join(home, 'gameday-users.ndjson');
  const lines = emails.map(email => JSON.stringify({ email, displayName: 'Game Day', passwordHash }));
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 });
  const done = await run(['import', 'users', file]);
  await rm(file);
  if (done.code !== 0) throw new HoldfastError('internal', `${done.command}: ${failureOf(done)}`);
}
