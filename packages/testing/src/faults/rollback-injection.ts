import { rm } from 'node:fs/promises';
import { journalPath, readJournal, recordRestore } from '@holdfast/auth';
import { eventually } from '../eventually.ts';
import { copyDataDirectory, restoreDataDirectory } from '../physical-copy.ts';
import type { Stack } from '../stack.ts';
import type { FaultInjection } from './fault-injection.ts';

const PERSON = { email: 'between-two-copies@example.com', password: 'Quiet-Lantern-Over-Fjord-77' };

/** Longer than any session of the doctor's own, which leave no trace in a sound database either. */
const SESSION_MS = 10_500;

/**
 * A session begins and ends, then an older copy of the data directory is put in its place, as by a restore of the whole
 * disk, and nobody says so.
 */
export function databaseRolledBack(): FaultInjection {
  return putBack('an older copy of the data directory put in its place', {
    copy: stack =>
      whileStopped(stack, () => copyDataDirectory(stack.cluster.dataDir, `${stack.cluster.dataDir}.older`)),
    restore: async stack => {
      const { dataDir } = stack.cluster;
      await whileStopped(stack, () => restoreDataDirectory(`${dataDir}.older`, dataDir));
      await rm(`${dataDir}.older`, { recursive: true });
    },
  });
}

/** The same by a dump that is loaded while everything runs. */
export function staleDumpRestored(): FaultInjection {
  return putBack('an older dump loaded in the place of the database', {
    copy: stack => stack.saveDatabase(),
    restore: stack => stack.restoreDatabase(),
  });
}

interface PutBack {
  copy(stack: Stack): Promise<void>;
  restore(stack: Stack): Promise<void>;
}

function putBack(name: string, { copy, restore }: PutBack): FaultInjection {
  let copiedAt = new Date();
  return {
    name,
    inject: async stack => {
      copiedAt = new Date();
      await copy(stack);
      await comeAndGo(stack);
      await restore(stack);
    },
    heal: async stack => {
      const { entries } = await readJournal(journalPath(stack.home));
      const epoch = { restoredTo: copiedAt, restoredAt: new Date(), note: 'test' };
      await stack.asSuperuser(db => recordRestore(db, epoch, entries));
      // another copy without it would be the next database that was rolled back
      await stack.saveDatabase();
    },
    expected: { code: 'database_rolled_back', layer: 'data', subject: 'database' },
  };
}

async function comeAndGo(stack: Stack): Promise<void> {
  await post(stack, 'register', PERSON);
  const { accessToken } = (await (await post(stack, 'login', PERSON)).json()) as { accessToken: string };
  const begun = Date.now();
  await eventually(async () => Date.now() - begun > SESSION_MS, { timeoutMs: 2 * SESSION_MS });
  await post(stack, 'logout', {}, accessToken);
}

async function whileStopped(stack: Stack, work: () => Promise<void>): Promise<void> {
  await stack.server.stop();
  await stack.stopDatabase('fast');
  await work();
  await stack.startDatabase();
  await stack.server.start();
}

async function post(
  { server }: Stack,
  operation: string,
  body: object,
  accessToken?: string,
): Promise<Response> {
  const response = await fetch(`${server.url}/api/v1/auth/${operation}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` }),
    },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${operation} was answered ${response.status}`);
  return response;
}
