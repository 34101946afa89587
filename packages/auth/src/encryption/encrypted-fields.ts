import { HoldfastError, isHoldfastError } from '@holdfast/core';
import { type Pool, type Queryable, sql, type Transaction } from '@holdfast/postgres';
import { currentKey, type Keyring } from '../tokens/index.ts';
import { decryptField, type EncryptedField, encryptField } from './field-encryption.ts';

/** A place in the schema that holds an encrypted value. All of a row are under the key its encryption_key_id names. */
interface EncryptedTable {
  readonly table: string;
  readonly columns: readonly [string, ...string[]];
}

/** Every encrypted column of the schema; a new one is added here, and rotation and check know it. */
export const ENCRYPTED_TABLES: readonly EncryptedTable[] = [
  { table: 'oauth_providers', columns: ['client_secret_encrypted'] },
  { table: 'oauth_accounts', columns: ['access_token_encrypted', 'refresh_token_encrypted'] },
];

/** The place a ciphertext is bound to. */
export function fieldContext(table: string, column: string, id: string): string {
  return `${table}.${column}:${id}`;
}

type EncryptedRow = { readonly id: string; readonly keyId: string } & Readonly<
  Record<string, Buffer | string | null>
>;

/** What `holdfast keys check` found in one table. */
export interface FieldCheck {
  readonly table: string;
  readonly fields: number;
  /** Fields that do not decrypt, with why, at most ten. */
  readonly failures: number;
  readonly examples: readonly string[];
  /** Key ids that rows name but the keyring does not have. */
  readonly missingKeys: readonly string[];
}

const PAGE = 500;
const EXAMPLES = 10;

/** Decrypts every encrypted field, without showing any, and counts what fails. */
export async function checkEncryptedFields(db: Queryable, keyring: Keyring): Promise<FieldCheck[]> {
  const checks: FieldCheck[] = [];
  for (const place of ENCRYPTED_TABLES) checks.push(await checkTable(db, keyring, place));
  return checks;
}

/** How many rows hold fields under each key id, over all tables. */
export async function countRowsByKey(db: Queryable): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const place of ENCRYPTED_TABLES) {
    const rows = await db.many(sql<{ keyId: string; rows: number }>`
      select coalesce(encryption_key_id, '') as "keyId", count(*) as rows
      from ${sql.id(place.table)} where ${holdsField(place)} group by encryption_key_id
    `);
    for (const { keyId, rows: found } of rows) counts.set(keyId, (counts.get(keyId) ?? 0) + found);
  }
  return counts;
}

async function checkTable(db: Queryable, keyring: Keyring, place: EncryptedTable): Promise<FieldCheck> {
  const problems: string[] = [];
  const missing = new Set<string>();
  let fields = 0;
  for (let after: string | undefined; ; ) {
    const rows = await readPage(db, place, after);
    for (const row of rows) {
      if (!keyring.keys.some(key => key.kid === row.keyId)) missing.add(row.keyId);
      for (const [column, field] of encryptedFields(place, row)) {
        fields += 1;
        const problem = fieldProblem(keyring, field, fieldContext(place.table, column, row.id));
        if (problem !== undefined) problems.push(problem);
      }
    }
    after = rows.at(-1)?.id;
    if (rows.length < PAGE) break;
  }
  const examples = problems.slice(0, EXAMPLES);
  return { table: place.table, fields, failures: problems.length, examples, missingKeys: [...missing] };
}

function fieldProblem(keyring: Keyring, field: EncryptedField, context: string): string | undefined {
  try {
    decryptField(keyring, field, context);
    return undefined;
  } catch (error) {
    if (!isHoldfastError(error, 'field_undecryptable')) throw error;
    return error.message;
  }
}

function encryptedFields(
  { columns }: EncryptedTable,
  row: EncryptedRow,
): (readonly [string, EncryptedField])[] {
  return columns.flatMap(column => {
    const ciphertext = row[column];
    return ciphertext instanceof Buffer ? [[column, { ciphertext, keyId: row.keyId }] as const] : [];
  });
}

function selectFields({ table, columns }: EncryptedTable) {
  const list = sql.join(columns.map(column => sql.id(column)));
  return sql`select id, coalesce(encryption_key_id, '') as "keyId", ${list} from ${sql.id(table)}`;
}

function holdsField({ columns }: EncryptedTable) {
  return sql`(${sql.join(
    columns.map(column => sql`${sql.id(column)} is not null`),
    ' or ',
  )})`;
}

function readPage(db: Queryable, place: EncryptedTable, after: string | undefined): Promise<EncryptedRow[]> {
  const position = after === undefined ? sql`true` : sql`id > ${after}`;
  return db.many(sql<EncryptedRow>`
    ${selectFields(place)} where ${position} and ${holdsField(place)} order by id limit ${PAGE}
  `);
}

/**
 * Re-encrypts every field that is under another key than the current one, page by page in transactions of their own.
 * Rows in use are left for the next time, and so are rows that do not decrypt. @returns how many rows changed.
 */
export async function reencryptFields(pool: Pool, keyring: Keyring): Promise<number> {
  const current = currentKey(keyring, 'encrypt').kid;
  const former = keyring.keys.filter(key => key.use === 'encrypt' && key.kid !== current).map(key => key.kid);
  let changed = 0;
  for (const place of former.length === 0 ? [] : ENCRYPTED_TABLES) {
    for (let after: string | undefined; ; ) {
      const page = await pool.transaction(tx => reencryptPage(tx, keyring, { place, former, after }));
      changed += page.changed;
      after = page.last;
      if (after === undefined) break;
    }
  }
  return changed;
}

interface PageRequest {
  readonly place: EncryptedTable;
  readonly former: readonly string[];
  readonly after: string | undefined;
}

async function reencryptPage(tx: Transaction, keyring: Keyring, { place, former, after }: PageRequest) {
  const position = after === undefined ? sql`true` : sql`id > ${after}`;
  const rows = await tx.many(sql<EncryptedRow>`
    ${selectFields(place)}
    where ${position} and encryption_key_id = any(${former}::text[]) and ${holdsField(place)}
    order by id limit ${PAGE} for update skip locked
  `);
  let changed = 0;
  for (const row of rows) changed += await reencryptRow(tx, keyring, place, row);
  return { changed, last: rows.length < PAGE ? undefined : rows.at(-1)?.id };
}

async function reencryptRow(
  tx: Transaction,
  keyring: Keyring,
  place: EncryptedTable,
  row: EncryptedRow,
): Promise<number> {
  const fields = encryptedFields(place, row);
  let renewed: (readonly [string, EncryptedField])[];
  try {
    renewed = fields.map(([column, field]) => {
      const context = fieldContext(place.table, column, row.id);
      return [column, encryptField(keyring, decryptField(keyring, field, context), context)] as const;
    });
  } catch (error) {
    if (isHoldfastError(error, 'field_undecryptable')) return 0;
    throw error;
  }
  const [first] = renewed;
  if (first === undefined)
    throw new HoldfastError('internal', `Row ${row.id} of ${place.table} holds no encrypted field.`);
  const assignments = renewed.map(([column, field]) => sql`${sql.id(column)} = ${field.ciphertext}`);
  return tx.execute(sql`
    update ${sql.id(place.table)}
    set ${sql.join(assignments)}, encryption_key_id = ${first[1].keyId}
    where id = ${row.id}
  `);
}
