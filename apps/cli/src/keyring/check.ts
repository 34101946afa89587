import { checkEncryptedFields, countRowsByKey, type FieldCheck } from '@holdfast/auth';
import { type Keyring, listRegisteredKeys, type RegisteredKey } from '@holdfast/auth/tokens';
import type { Queryable } from '@holdfast/postgres';

/** Whether keyring and database belong together. */
export interface KeyCheck {
  readonly ok: boolean;
  readonly tables: readonly FieldCheck[];
  /** Rows under a key that is no longer the current one, by key id. */
  readonly rowsUnderFormerKeys: Readonly<Record<string, number>>;
  /** Registered as in use, but not in the keyring: it was lost or replaced. */
  readonly lost: readonly RegisteredKey[];
  /** Registered, and not in the keyring: retired, revoked, or of a keyring that was only here for a while. */
  readonly removed: readonly RegisteredKey[];
  /** In the keyring, but no server has registered them yet. */
  readonly unregistered: readonly string[];
}

/** Decrypts every encrypted field and compares the registered keys with the keyring. */
export async function checkKeys(db: Queryable, keyring: Keyring): Promise<KeyCheck> {
  const tables = await checkEncryptedFields(db, keyring);
  const registered = await listRegisteredKeys(db);
  const absent = registered.filter(({ kid }) => !keyring.keys.some(key => key.kid === kid));
  const lost = absent.filter(key => isLost(key, registered, keyring));
  const current = keyring.keys.find(({ use, status }) => use === 'encrypt' && status === 'current');
  const rows = [...(await countRowsByKey(db))].filter(([kid]) => kid !== current?.kid);
  return {
    ok: lost.length === 0 && tables.every(({ failures }) => failures === 0),
    tables,
    rowsUnderFormerKeys: Object.fromEntries(rows),
    lost,
    removed: absent.filter(key => !lost.includes(key)),
    unregistered: keyring.keys
      .filter(({ kid }) => !registered.some(known => known.kid === kid))
      .map(({ kid }) => kid),
  };
}

/**
 * A current key that is gone is lost, unless every current key that is held was there before it: then it is of a keyring
 * that has been replaced by its predecessor, which was the repair.
 */
function isLost(key: RegisteredKey, registered: readonly RegisteredKey[], keyring: Keyring): boolean {
  if (key.status !== 'current') return false;
  const held = registered.filter(
    ({ kid, use, status }) =>
      use === key.use && status === 'current' && keyring.keys.some(candidate => candidate.kid === kid),
  );
  return held.length === 0 || !held.every(({ firstSeenAt }) => firstSeenAt < key.firstSeenAt);
}

export function renderKeyCheck(check: KeyCheck): string {
  const fields = check.tables.reduce((sum, table) => sum + table.fields, 0);
  return [
    `${fields} encrypted ${fields === 1 ? 'field was' : 'fields were'} decrypted; ${failureText(check.tables)}.`,
    ...check.tables.flatMap(tableLines),
    ...Object.entries(check.rowsUnderFormerKeys).map(
      ([kid, rows]) => `${rows} rows are under the former key ${kid || '(none)'}: keep it.`,
    ),
    ...check.lost.map(
      ({ kid, use }) =>
        `The ${use} key ${kid} is registered as current but is not in the keyring: the keyring was lost or replaced. Put it back from its backup.`,
    ),
    ...check.removed.map(
      ({ kid, use, status }) => `The ${use} key ${kid} (${status}) was removed from the keyring.`,
    ),
    ...check.unregistered.map(
      kid => `The key ${kid} is registered by the next server that reads the keyring.`,
    ),
  ].join('\n');
}

function failureText(tables: readonly FieldCheck[]): string {
  const failures = tables.reduce((sum, table) => sum + table.failures, 0);
  return failures === 0 ? 'none failed' : `${failures} FAILED`;
}

function tableLines({ table, failures, missingKeys, examples }: FieldCheck): string[] {
  if (failures === 0) return [];
  const missing = missingKeys.length === 0 ? '' : `; not in the keyring: ${missingKeys.join(', ')}`;
  return [`${table}: ${failures} do not decrypt${missing}`, ...examples.map(example => `  ${example}`)];
}
