import { randomBytes } from 'node:crypto';
import { errorMessage, newId } from '@holdfast/core';
import { type Connection, sqlState } from '@holdfast/postgres';
import { hashPassword } from './password-hash.ts';
import {
  claimProbeAccount,
  deleteProbeAttempts,
  deleteProbeAudit,
  deleteProbeUser,
  insertProbeAccount,
  listProbeAccounts,
  PROBE_EMAIL_DOMAIN,
  PROBE_EMAIL_PREFIX,
  type ProbeAccount,
} from './probe-account-queries.ts';

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

export interface ProbeAccountRun<T> {
  readonly result: T;
  /** Why something of the account is still there; the next run removes it. */
  readonly leftBehind: string | undefined;
}

/**
 * Runs work with an account of its own: created directly in the database, removed afterwards with all of its rows,
 * whatever became of the work. Accounts that a killed run left behind are removed first.
 */
export async function withProbeAccount<T>(
  connection: Connection,
  work: (credentials: Credentials) => Promise<T>,
): Promise<ProbeAccountRun<T>> {
  for (const leftover of await listProbeAccounts(connection)) {
    if (await claimProbeAccount(connection, leftover)) await removeProbeAccount(connection, leftover);
  }
  const id = newId();
  const account: ProbeAccount = { id, email: `${PROBE_EMAIL_PREFIX}${id}${PROBE_EMAIL_DOMAIN}` };
  const password = randomBytes(24).toString('base64url');
  const hash = await hashPassword(password);
  await claimProbeAccount(connection, account);
  try {
    await insertProbeAccount(connection, account, hash);
    const result = await work({ email: account.email, password });
    return { result, leftBehind: await removeProbeAccount(connection, account) };
  } catch (error) {
    await removeProbeAccount(connection, account);
    throw error;
  }
}

const MISSING = new Set(['42P01', '42703']);

/** Removes as much as there is: a table that is missing holds nothing. Never throws. */
async function removeProbeAccount(db: Connection, account: ProbeAccount): Promise<string | undefined> {
  const problems: string[] = [];
  for (const remove of [deleteProbeAudit, deleteProbeAttempts, deleteProbeUser]) {
    await remove(db, account).catch(error => {
      if (!MISSING.has(sqlState(error) ?? '')) problems.push(errorMessage(error));
    });
  }
  return problems[0];
}
