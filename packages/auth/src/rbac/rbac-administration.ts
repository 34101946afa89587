import { HoldfastError } from '@holdfast/core';
import {
  isUniqueViolation,
  type Pool,
  type Queryable,
  softDelete,
  type Transaction,
  undoSoftDelete,
} from '@holdfast/postgres';
import { type Actor, insertAudit } from '../audit/index.ts';
import { insertEntry, setDisabled, updateEntry } from './rbac-changes.ts';
import {
  findPermission,
  findRole,
  missingRoles,
  type Permission,
  type RbacTable,
  type Role,
} from './rbac-queries.ts';

interface EntryOf {
  readonly roles: Role;
  readonly permissions: Permission;
}

const NOUN = { roles: 'role', permissions: 'permission' } as const satisfies Record<RbacTable, string>;

/** Creates a role or a permission. @throws HoldfastError `conflict` when the name is taken. */
export function createEntry<T extends RbacTable>(
  pool: Pool,
  actor: Actor,
  table: T,
  entry: { readonly name: string; readonly description: string },
): Promise<EntryOf[T]> {
  return pool.transaction(async tx => {
    const id = await insertEntry(tx, table, entry, actor.id);
    if (id === undefined) throw nameTaken(table, entry.name);
    await audit(tx, actor, table, 'created', id, { name: entry.name });
    return presentEntry(tx, table, id);
  });
}

/** Changes name or description. @throws HoldfastError `not_found`, `conflict` for a taken name or a built-in entry. */
export function changeEntry<T extends RbacTable>(
  pool: Pool,
  actor: Actor,
  table: T,
  id: string,
  change: { readonly name?: string | undefined; readonly description?: string | undefined },
): Promise<EntryOf[T]> {
  return pool.transaction(async tx => {
    const entry = await presentEntry(tx, table, id);
    if (change.name !== undefined && change.name !== entry.name) refuseBuiltIn(table, entry, 'renamed');
    await updateEntry(tx, table, id, change, actor.id).catch(error =>
      rethrowNameTaken(error, table, change.name),
    );
    await audit(tx, actor, table, 'changed', id, { fields: Object.keys(change) });
    return presentEntry(tx, table, id);
  });
}

/** Disables or enables: a disabled role or permission grants nothing. @throws HoldfastError `not_found`, `conflict`. */
export function toggleEntry<T extends RbacTable>(
  pool: Pool,
  actor: Actor,
  table: T,
  id: string,
  disabled: boolean,
): Promise<EntryOf[T]> {
  return pool.transaction(async tx => {
    const entry = await presentEntry(tx, table, id);
    if (disabled) refuseBuiltIn(table, entry, 'disabled');
    if ((await setDisabled(tx, table, id, disabled, actor.id)) === 1) {
      await audit(tx, actor, table, disabled ? 'disabled' : 'enabled', id);
    }
    return presentEntry(tx, table, id);
  });
}

/** Soft-deletes. Its grants and memberships stay and come back with a restore. @throws HoldfastError `not_found`, `conflict`. */
export function deleteEntry(pool: Pool, actor: Actor, table: RbacTable, id: string): Promise<void> {
  return pool.transaction(async tx => {
    refuseBuiltIn(table, await presentEntry(tx, table, id), 'deleted');
    await softDelete(tx, table, id, actor.id);
    await audit(tx, actor, table, 'deleted', id);
  });
}

/** Takes back a deletion. @throws HoldfastError `not_found`, `conflict` when the name has been taken meanwhile. */
export function restoreEntry<T extends RbacTable>(
  pool: Pool,
  actor: Actor,
  table: T,
  id: string,
): Promise<EntryOf[T]> {
  return pool.transaction(async tx => {
    const restored = await undoSoftDelete(tx, table, id, actor.id).catch(error =>
      rethrowNameTaken(error, table),
    );
    if (restored) await audit(tx, actor, table, 'restored', id);
    return presentEntry(tx, table, id);
  });
}

/** A role or permission that is not deleted. @throws HoldfastError `not_found`. */
export async function presentEntry<T extends RbacTable>(
  db: Queryable,
  table: T,
  id: string,
): Promise<EntryOf[T]> {
  const entry = table === 'roles' ? await findRole(db, id) : await findPermission(db, id);
  if (entry === undefined || entry.deletedAt !== null) {
    throw new HoldfastError('not_found', `There is no such ${NOUN[table]}.`);
  }
  return entry as EntryOf[T];
}

/** @throws HoldfastError `not_found` naming the roles that do not exist. */
export async function assertRolesExist(tx: Transaction, names: readonly string[]): Promise<void> {
  const missing = await missingRoles(tx, names);
  if (missing.length > 0)
    throw new HoldfastError('not_found', `There is no role named ${missing.join(', ')}.`);
}

/** What the API itself relies on is changed by a release, not by a request. */
export function refuseBuiltIn(table: RbacTable, entry: Permission, verb: string): void {
  if (!entry.builtIn) return;
  throw new HoldfastError(
    'conflict',
    `The built-in ${NOUN[table]} ${entry.name} cannot be ${verb}. Make one of your own.`,
  );
}

function audit(
  tx: Transaction,
  actor: Actor,
  table: RbacTable,
  verb: string,
  id: string,
  details = {},
): Promise<void> {
  return insertAudit(tx, actor, {
    action: `${NOUN[table]}.${verb}`,
    subjectType: NOUN[table],
    subjectId: id,
    details,
  });
}

function rethrowNameTaken(error: unknown, table: RbacTable, name?: string): never {
  throw isUniqueViolation(error) ? nameTaken(table, name, error) : error;
}

function nameTaken(table: RbacTable, name?: string, cause?: unknown): HoldfastError {
  const which = name === undefined ? 'this name' : `the name ${name}`;
  return new HoldfastError('conflict', `A ${NOUN[table]} with ${which} exists already.`, { cause });
}
