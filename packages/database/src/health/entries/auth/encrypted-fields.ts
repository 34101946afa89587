import { defineEntry, type HealthContext, type HealthReading } from '../../entry.ts';
import { shownEvidence } from '../../judge.ts';
import { countText } from '../../quantity.ts';
import type { EncryptionKeys } from '../../sources.ts';
import {
  countByKey,
  type EncryptedRow,
  type EncryptedTable,
  listEncryptedTables,
  readEncryptedRows,
} from './encrypted-field-queries.ts';

const PAGE = 500;
/** Of the budget; what is not read by then is said to be unread. */
const READING_SHARE = 0.7;

interface Failure {
  readonly table: string;
  readonly column: string;
  readonly id: string;
  readonly keyId: string;
  readonly problem: string;
}

interface Result {
  readonly failures: Failure[];
  fields: number;
  unreadRows: number;
}

export const encryptedFields = defineEntry({
  number: 69,
  id: 'encrypted-fields',
  area: 'auth',
  title: 'Encrypted fields that do not decrypt',
  meaning:
    'The keyring lacks the key of these fields, or they were changed: what they hold is lost unless the key is put back.',
  quick: false,
  thresholds: { criticalFields: 1 },
  check: async (context, { criticalFields }) => {
    const { db, server, encryptionKeys } = context;
    if (encryptionKeys === undefined)
      return { level: 'skipped', why: 'the keyring is not known here, so nothing can be decrypted' };
    const tables = await listEncryptedTables(db, server.schemas);
    if (tables.length === 0)
      return { level: 'skipped', why: 'no table has encrypted fields as Holdfast names them' };
    return report(await readAll(context, encryptionKeys, tables), criticalFields);
  },
});

/** Every key of every table gets an equal share of the time: it is keys that are lost, not rows. */
async function readAll(
  context: HealthContext,
  keys: EncryptionKeys,
  tables: readonly EncryptedTable[],
): Promise<Result> {
  const { db, clock, budgetMs } = context;
  const result: Result = { failures: [], fields: 0, unreadRows: 0 };
  const deadline = clock.monotonic() + budgetMs * READING_SHARE;
  const groups: { table: EncryptedTable; keyId: string; rows: number }[] = [];
  for (const table of tables) {
    for (const { keyId, rows } of await countByKey(db, table)) groups.push({ table, keyId, rows });
  }
  for (const [index, { table, keyId, rows }] of groups.entries()) {
    const share = (deadline - clock.monotonic()) / (groups.length - index);
    const until = clock.monotonic() + share;
    let read = 0;
    let after: string | undefined;
    do {
      const page = await readEncryptedRows(db, table, keyId, after, PAGE);
      for (const row of page) examine(keys, table, keyId, row, result);
      read += page.length;
      after = page.length < PAGE ? undefined : page.at(-1)?.id;
    } while (after !== undefined && clock.monotonic() < until);
    result.unreadRows += Math.max(0, rows - read);
  }
  return result;
}

function examine(
  keys: EncryptionKeys,
  { table, columns }: EncryptedTable,
  keyId: string,
  { id, fields }: EncryptedRow,
  result: Result,
): void {
  for (const column of columns) {
    const ciphertext = fields[column];
    if (ciphertext === null || ciphertext === undefined) continue;
    result.fields += 1;
    const problem = keys.problem(ciphertext, { table, column, id, keyId });
    if (problem !== undefined) result.failures.push({ table, column, id, keyId, problem });
  }
}

function report({ failures, fields, unreadRows }: Result, criticalFields: number): HealthReading {
  const metrics = {
    encrypted_fields: fields,
    undecryptable_fields: failures.length,
    unread_rows: unreadRows,
  };
  const rest = unreadRows > 0 ? `; ${countText(unreadRows, 'row')} not read for lack of time (--full)` : '';
  if (failures.length === 0) {
    return { level: 'ok', summary: `${countText(fields, 'field')} decrypt${rest}`, metrics };
  }
  const missing = [...new Set(failures.map(({ keyId }) => keyId))].filter(keyId => keyId !== '');
  return {
    level: failures.length >= criticalFields ? 'critical' : 'warn',
    summary: `${failures.length} of ${countText(fields, 'field')} do not decrypt${rest}`,
    ...shownEvidence(failures.map(failure => ({ ...failure }))),
    remedy: `holdfast keys check\n-- then put the missing keys back into the keyring, from its backup: ${missing.join(', ') || 'the rows name none'}`,
    metrics,
  };
}
