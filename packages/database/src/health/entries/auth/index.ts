import type { HealthEntry } from '../../entry.ts';
import { accounts } from './accounts.ts';
import { encryptedFields } from './encrypted-fields.ts';
import { failedLogins } from './failed-logins.ts';
import { tokens } from './tokens.ts';

/** Entries 66 to 69: accounts, tokens and secrets, on Holdfast's own tables. */
export const authEntries: readonly HealthEntry[] = [accounts, tokens, failedLogins, encryptedFields];
