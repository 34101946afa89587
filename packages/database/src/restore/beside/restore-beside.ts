import { randomBytes } from 'node:crypto';
import { type Clock, errorMessage, HoldfastError, isHoldfastError } from '@holdfast/core';
import { type Connection, connect, sql } from '@holdfast/postgres';
import { compareContent, readContent } from '../../backup/content/index.ts';
import type { BackupProblem, DatabaseContent } from '../../backup/manifest.ts';
import { checkReferences } from '../drill/check-references.ts';
import { readServerFacts } from '../drill/integrity-queries.ts';
import type { RecordEpoch } from '../embedded/switch-restore.ts';
import { type LoadOptions, loadDump } from '../logical/load-dump.ts';
import {
  analyze,
  copyRights,
  createLike,
  type DatabaseShape,
  dropDatabase,
  listDatabasesNamed,
  listDeniedExtensions,
  readShape,
  setComment,
  tryRestoreLock,
} from './beside-queries.ts';
import { type DatabaseProperties, readProperties, takeProperties } from './database-properties.ts';
import { swapDatabases } from './swap-databases.ts';

export interface BesideOptions
  extends Pick<LoadOptions, 'source' | 'programs' | 'dumpedVersion' | 'jobs' | 'signal'> {
  /** The database to replace, as a role that owns it and may create others. */
  readonly url: string;
  /** What it must hold afterwards; undefined for a dump that does not say. */
  readonly content: DatabaseContent | undefined;
  /** The point of the dump. */
  readonly restoredTo: Date;
  readonly what: string;
  readonly acceptProblems: boolean;
  readonly recordEpoch: RecordEpoch;
  readonly clock: Clock;
  readonly onProgress: (step: string) => void;
}

export interface BesideResult {
  readonly database: string;
  /** What the former one is called now; null when there was none. */
  readonly replaced: string | null;
  readonly tables: number;
  readonly rows: number;
  readonly problems: readonly BackupProblem[];
  /** Extensions of the dump that the role may not make, and that nothing in it needs. */
  readonly leftOut: readonly string[];
  /** What the present database has set and the role may not set for the new one, as statements. */
  readonly notSet: readonly string[];
}

/**
 * Restores a dump into a new database on the same server, compares it, tells it which time was lost, and lets it take the name of the
 * present one in one transaction. @throws HoldfastError `restore_refused`, `restore_failed`, `backup_damaged`: nothing was changed then
 */
export function restoreBesideDatabase(options: BesideOptions): Promise<BesideResult> {
  const database = databaseOf(options.url);
  return withRestoreLock(options.url, async admin => {
    for (const { name } of await listDatabasesNamed(admin, `${base(database)}_restoring_`))
      await dropDatabase(admin, name);
    const id = randomBytes(4).toString('hex');
    const next = `${base(database)}_restoring_${id}`;
    try {
      return await restoreInto(options, admin, { database, next, id });
    } catch (error) {
      await dropDatabase(admin, next).catch(() => undefined);
      throw error;
    }
  });
}

/** Works where no other restore or undo of the same database does. @throws HoldfastError `restore_refused` */
export async function withRestoreLock<T>(url: string, work: (admin: Connection) => Promise<T>): Promise<T> {
  const database = databaseOf(url);
  const admin = await connect({ url: withDatabase(url, 'postgres'), applicationName: 'holdfast restore' });
  try {
    if (!(await tryRestoreLock(admin, base(database)))) {
      const message = `Another restore of ${database}, or an undo of one, is under way. Try again when it is done`;
      throw new HoldfastError('restore_refused', message);
    }
    return await work(admin);
  } finally {
    await admin.close();
  }
}

interface Names {
  readonly database: string;
  readonly next: string;
  readonly id: string;
}

async function restoreInto(
  options: BesideOptions,
  admin: Connection,
  { database, next, id }: Names,
): Promise<BesideResult> {
  const { onProgress, clock } = options;
  const present = await readShape(admin, database);
  await createLike(admin, next, present ?? shapeOf(options));
  await setComment(
    admin,
    next,
    'Holdfast: a restore is being made; the next one removes it when it was left',
  );
  if (present !== undefined) await copyRights(admin, database, next);
  const url = withDatabase(options.url, next);
  onProgress('loading the dump');
  const leftOut = await load(options, url);
  const examined = await examine(options, url, leftOut);
  onProgress('recording the restore in the new database');
  const at = new Date(clock.now());
  const { restoredTo, what } = options;
  await options.recordEpoch({ ownerUrl: url, restoredTo, restoredAt: at, note: what });
  // only now: a limit or a timeout among them is not meant for the restore
  const properties = (await readProperties(admin, database)) ?? propertiesOf(options);
  const denied = await takeProperties(admin, next, properties);
  onProgress('switching');
  const replaced = present === undefined ? null : `${base(database)}_replaced_${stamp(at)}_${id}`;
  const comment = replacedComment(database, at, what, properties.comment);
  await swapDatabases(admin, { database, next, replaced, comment, ownComment: properties.comment });
  const notSet = denied.map(statement => statement.replaceAll(sql.id(next).text, sql.id(database).text));
  return { database, replaced, leftOut, notSet, ...examined };
}

async function load(options: BesideOptions, url: string): Promise<readonly string[]> {
  const db = await connect({ url, applicationName: 'holdfast restore' });
  const deniedExtensions = await listDeniedExtensions(db).finally(() => db.close());
  try {
    return await loadDump({
      ...options,
      from: options.content === undefined ? 'file' : 'backup',
      url,
      deniedExtensions,
    });
  } catch (error) {
    const named = deniedExtensions.filter(name => errorMessage(error).includes(`"${name}"`));
    const lacksSomething = deniedExtensions.length > 0 && errorMessage(error).includes('does not exist');
    if (!isHoldfastError(error, 'restore_failed') || !(lacksSomething || named.length > 0)) throw error;
    const which = named.length === 0 ? 'those that only a superuser can make' : named.join(', ');
    const hint = `Extensions that this role may not make were left out (${which}). When the dump needs one, restore as a superuser`;
    throw new HoldfastError('restore_failed', `${error.message}. ${hint}`, { cause: error });
  }
}

/** Of a database that is gone; its rights and its limit are not known. */
function propertiesOf({ content }: BesideOptions): DatabaseProperties {
  const settings = (content?.catalog.settings ?? []).filter(({ inDatabase }) => inDatabase);
  return { connectionLimit: -1, comment: null, settings };
}

function shapeOf({ content }: BesideOptions): DatabaseShape {
  const { collate, ctype } = content?.catalog.database ?? { collate: 'C', ctype: 'C' };
  const owner = content?.owner;
  if (owner === undefined)
    throw new HoldfastError(
      'restore_refused',
      'There is no database of that name, and the dump does not say who owned it. Create an empty one first',
    );
  return {
    owner,
    encoding: content?.encoding ?? 'UTF8',
    collate,
    ctype,
    provider: 'c',
    locale: null,
    tablespace: null,
  };
}

async function examine(
  options: BesideOptions,
  url: string,
  leftOut: readonly string[],
): Promise<Pick<BesideResult, 'tables' | 'rows' | 'problems'>> {
  const { content, jobs, signal, acceptProblems, onProgress } = options;
  onProgress('comparing every row');
  const found = await readContent({ url, jobs, holds: 'logical', signal, onProgress: () => undefined });
  const db = await connect({ url, applicationName: 'holdfast restore' });
  const orphans = await readServerFacts(db)
    .then(facts => checkReferences(db, facts))
    .finally(() => db.close());
  const differences =
    content === undefined ? [] : compareContent([content], [{ ...found, name: content.name }], 'dump');
  const isLeftOut = ({ code, subject }: BackupProblem): boolean =>
    code === 'missing_extension' && leftOut.includes(subject);
  const problems = [...differences.filter(problem => !isLeftOut(problem)), ...orphans];
  if (problems.length > 0 && !acceptProblems) throw unsound(options, problems);
  const own = await connect({ url, applicationName: 'holdfast restore' });
  await analyze(own).finally(() => own.close());
  const rows = found.tables.reduce((sum, table) => sum + table.rows, 0);
  return { tables: found.tables.length, rows, problems };
}

function unsound({ what }: BesideOptions, problems: readonly BackupProblem[]): HoldfastError {
  const [first] = problems;
  const message = `${what} was restored beside and is not sound: ${first?.subject}: ${first?.message}${problems.length > 1 ? ` and ${problems.length - 1} more` : ''}. Nothing was changed. Choose another backup, or take this one as it is with --accept-problems`;
  return new HoldfastError('backup_damaged', message, { details: { problems } });
}

/** PostgreSQL cuts names at 63 bytes, and ours are longer by an ending. */
export function base(database: string): string {
  return Buffer.from(database)
    .subarray(0, 25)
    .toString('utf8')
    .replace(/\uFFFD+$/, '');
}

const OWN_COMMENT = '\nIts own comment: ';

/** By which a replaced database is known as such, with the comment that it had. */
export function replacedComment(database: string, at: Date, what: string, own: string | null): string {
  const known = `Holdfast: ${database} replaced ${at.toISOString()} by ${what.replaceAll('\n', ' ')}`;
  return own === null ? known : `${known}${OWN_COMMENT}${own}`;
}

/** The comment that a replaced database had. */
export function commentBefore(comment: string | null): string | null {
  const at = comment?.indexOf(OWN_COMMENT) ?? -1;
  return comment === null || at === -1 ? null : comment.slice(at + OWN_COMMENT.length);
}

export function stamp(at: Date): string {
  return at.toISOString().slice(0, 19).replaceAll(/\D/g, '');
}

export function databaseOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1));
}

export function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${encodeURIComponent(name)}`;
  return changed.href;
}
