import { randomBytes } from 'node:crypto';
import { type Clock, HoldfastError } from '@holdfast/core';
import { type Connection, connect } from '@holdfast/postgres';
import type { RecordEpoch } from '../embedded/switch-restore.ts';
import { dropDatabase, listDatabasesNamed, type NamedDatabase } from './beside-queries.ts';
import { readProperties } from './database-properties.ts';
import {
  base,
  commentBefore,
  databaseOf,
  replacedComment,
  stamp,
  withDatabase,
  withRestoreLock,
} from './restore-beside.ts';
import { swapDatabases } from './swap-databases.ts';

interface UndoBesideOptions {
  readonly url: string;
  readonly recordEpoch: RecordEpoch;
  readonly clock: Clock;
}

/**
 * Brings the database back that the last restore replaced; the present one is kept in its turn.
 * @throws HoldfastError `restore_refused`, also while a restore or another undo of it is under way: nothing was changed then
 */
export function undoBeside(
  options: UndoBesideOptions,
): Promise<{ readonly database: string; readonly replaced: string }> {
  return withRestoreLock(options.url, admin => undo(options, admin));
}

async function undo(
  { url, recordEpoch, clock }: UndoBesideOptions,
  admin: Connection,
): Promise<{ readonly database: string; readonly replaced: string }> {
  const database = databaseOf(url);
  const [last] = await listReplaced(admin, database);
  const when = last === undefined ? undefined : replacedAt(database, last);
  if (last === undefined || when === undefined) {
    throw new HoldfastError(
      'restore_refused',
      `No database that a restore of ${database} replaced is kept, so there is nothing to undo`,
    );
  }
  const at = new Date(clock.now());
  await recordEpoch({
    ownerUrl: withDatabase(url, last.name),
    restoredTo: new Date(when),
    restoredAt: at,
    note: `undo of a restore, back to ${last.name}`,
  });
  const replaced = `${base(database)}_replaced_${stamp(at)}_${randomBytes(4).toString('hex')}`;
  const present = await readProperties(admin, database);
  const comment = replacedComment(database, at, 'an undo', present?.comment ?? null);
  const ownComment = commentBefore(last.comment);
  await swapDatabases(admin, { database, next: last.name, replaced, comment, ownComment });
  return { database, replaced };
}

/** The databases that restores of this one have replaced, the newest first. */
export async function listReplacedDatabases(url: string): Promise<NamedDatabase[]> {
  const admin = await connect({ url: withDatabase(url, 'postgres'), applicationName: 'holdfast restore' });
  return listReplaced(admin, databaseOf(url)).finally(() => admin.close());
}

async function listReplaced(admin: Connection, database: string): Promise<NamedDatabase[]> {
  const found = await listDatabasesNamed(admin, `${base(database)}_replaced_`);
  return found.filter(candidate => replacedAt(database, candidate) !== undefined);
}

function replacedAt(database: string, { comment }: NamedDatabase): string | undefined {
  const beginning =
    replacedComment(database, new Date(0), '', null).split(new Date(0).toISOString())[0] ?? '';
  return comment?.startsWith(beginning) === true ? comment.slice(beginning.length).split(' ')[0] : undefined;
}

/** Removes one of them for good. @throws HoldfastError `restore_refused` while a restore or an undo is under way */
export function forgetReplacedDatabase(url: string, { name }: NamedDatabase): Promise<void> {
  return withRestoreLock(url, admin => dropDatabase(admin, name));
}
