import { HoldfastError } from '@holdfast/core';
import {
  type BackupManifest,
  type DatabaseContent,
  diffContent,
  readContent,
  type TableDifference,
} from '@holdfast/database/backup';
import { withOwnerAccess } from '../database-access.ts';
import { sameDatabaseWords } from '../database-url-option.ts';
import type { ExitCode } from '../exit-codes.ts';
import { count } from '../migrate/text.ts';
import { restoreTablesLine } from '../restore/table-names.ts';
import type { Terminal } from '../terminal.ts';
import type { BackupContext } from './backup-options.ts';
import { openPlaces } from './backup-places.ts';
import { interruptible } from './interruptible.ts';
import { findEverywhere } from './show.ts';

interface DatabaseDifference {
  readonly database: string;
  readonly tables: readonly TableDifference[];
}

/** `holdfast backup diff ID [ID2|live]`: which tables hold other rows than a backup says, without restoring anything. */
export async function runDiff(
  context: BackupContext,
  [id = 'latest', other = 'live']: readonly string[],
): Promise<ExitCode> {
  const { repositories } = await openPlaces(context.configuration(), { options: context.options });
  const { manifest } = await findEverywhere(repositories, id);
  requireContent(manifest);
  const others = other === 'live' ? await readLive(context, manifest) : await contentOf(other);
  const databases = others.flatMap(now => {
    const before = manifest.databases.find(({ name }) => name === now.name);
    return before === undefined ? [] : [{ database: now.name, tables: diffContent(before, now) }];
  });
  if (databases.length === 0) {
    const names = manifest.databases.map(({ name }) => name).join(', ');
    throw new HoldfastError(
      'backup_not_possible',
      `The two have no database in common; ${manifest.id} is of ${names}.`,
    );
  }
  const differs = databases.some(({ tables }) => tables.some(({ kind }) => kind !== 'same'));
  const { terminal, flags } = context;
  const target = sameDatabaseWords(flags)
    .map(word => ` ${word}`)
    .join('');
  terminal.result({ differs, from: manifest.id, to: other, databases }, () =>
    databases.map(item => render(item, manifest.id, { other, target, terminal })).join('\n'),
  );
  return differs ? 1 : 0;

  async function contentOf(wanted: string): Promise<readonly DatabaseContent[]> {
    const found = await findEverywhere(repositories, wanted);
    requireContent(found.manifest);
    return found.manifest.databases;
  }
}

function requireContent({ id, contentMissing }: BackupManifest): void {
  if (contentMissing === null) return;
  throw new HoldfastError('backup_not_possible', `Backup ${id} does not know its rows: ${contentMissing}`);
}

/** As the superuser where there is one, since a table that cannot be read cannot be compared. */
function readLive(
  { configuration, terminal, flags, environment }: BackupContext,
  manifest: BackupManifest,
): Promise<readonly DatabaseContent[]> {
  return interruptible(environment, signal =>
    withOwnerAccess(configuration(), terminal, flags['database-url'], async ({ url, adminUrl }) => {
      const database = new URL(adminUrl);
      database.pathname = new URL(url).pathname;
      terminal.progress('summing up the live tables');
      const holds = manifest.engine === 'logical' ? 'logical' : 'physical';
      return [await readContent({ url: database.href, jobs: 2, holds, signal, onProgress: () => undefined })];
    }),
  );
}

const SIGNS = { missing: '-', new: '+', rows: '~', columns: '~', unknown: '?', same: ' ' } as const;

interface Rendering {
  readonly other: string;
  /** The options of a command for the same database. */
  readonly target: string;
  readonly terminal: Terminal;
}

function render(
  { database, tables }: DatabaseDifference,
  id: string,
  { other, target, terminal }: Rendering,
): string {
  const changed = tables.filter(({ kind }) => kind !== 'same');
  const lost = changed.filter(({ kind }) => kind === 'missing' || kind === 'rows');
  return [
    `${terminal.style('bold', database)}: ${count(tables.length - changed.length, 'table')} of ${tables.length} as in ${id}`,
    ...changed.map(table => `  ${SIGNS[table.kind]} ${table.schema}.${table.name}  ${explain(table)}`),
    ...(lost.length === 0 || other !== 'live'
      ? []
      : [`What would come back: ${restoreTablesLine(id, lost)}${target}`]),
  ].join('\n');
}

function explain({ kind, rowsBefore, rowsAfter }: TableDifference): string {
  const [before, after] = [rowsBefore, rowsAfter].map(rows =>
    rows === null ? 'not counted' : count(rows, 'row'),
  );
  if (kind === 'missing') return `${before}; the table is gone`;
  if (kind === 'new') return `${after}; the backup does not have the table`;
  if (kind === 'columns') return `${before}, now ${after}; its columns have changed`;
  if (kind === 'unknown') return `${before}, now ${after}; the values could not be compared`;
  return rowsBefore === rowsAfter ? `${before}, with other values` : `${before}, now ${after}`;
}
