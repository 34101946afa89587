import { connect } from '@holdfast/postgres';
import { compareContent, readContent } from '../../backup/content/index.ts';
import type { BackupProblem, DatabaseContent, TableContent } from '../../backup/manifest.ts';
import type { MaterializedBackup } from '../materialized-backup.ts';
import { checkIntegrity } from './check-integrity.ts';
import { listClosedDatabases, listDatabases } from './integrity-queries.ts';

export interface ExamineOptions {
  readonly jobs: number;
  readonly signal: AbortSignal;
  readonly onProgress: (step: string) => void;
  /** Restored to another point than the manifest's: its rows are expected to differ, so only soundness is looked at. */
  readonly compare: boolean;
}

export interface Examination {
  readonly problems: readonly BackupProblem[];
  readonly unchecked: readonly string[];
  /** Of the databases of the manifest. */
  readonly tables: number;
  /** Those whose rows the manifest describes and that were compared with it. */
  readonly comparedTables: number;
  readonly rows: number;
}

/** Compares a restored backup with its manifest, and looks at every page, index and foreign key of it. */
export async function examineRestored(
  restored: MaterializedBackup,
  options: ExamineOptions,
): Promise<Examination> {
  const { manifest } = restored;
  const content = options.compare ? await compareDatabases(restored, options) : [];
  const problems: BackupProblem[] = [...content];
  const unchecked = manifest.contentMissing === null ? [] : [`rows: ${manifest.contentMissing}`];
  const admin = await connect({ url: restored.superuserUrl, applicationName: 'holdfast drill' });
  const [names, closed] = await Promise.all([listDatabases(admin), listClosedDatabases(admin)]).finally(() =>
    admin.close(),
  );
  unchecked.push(...closed.map(name => `database ${name}: it takes no connections`));
  for (const database of names) {
    options.onProgress(`checking every table, index and foreign key of ${database}`);
    const { jobs, signal } = options;
    const found = await checkIntegrity({ url: restored.urlOf(database), database, jobs, signal });
    problems.push(...found.problems);
    unchecked.push(...found.unchecked);
  }
  const tables = manifest.databases.flatMap(database => database.tables);
  if (options.compare) unchecked.push(...manifest.databases.flatMap(unreadTables));
  return {
    problems,
    unchecked,
    tables: tables.length,
    comparedTables: options.compare ? tables.filter(isDescribed).length : 0,
    rows: tables.reduce((sum, table) => sum + table.rows, 0),
  };
}

function unreadTables({ name, tables }: DatabaseContent): string[] {
  return tables
    .filter(table => !isDescribed(table))
    .map(table => `rows of ${name}: ${table.schema}.${table.name}: ${table.unread ?? 'no reason is known'}`);
}

function isDescribed({ checksum }: TableContent): boolean {
  return checksum !== null;
}

async function compareDatabases(
  restored: MaterializedBackup,
  { jobs, signal, onProgress }: ExamineOptions,
): Promise<BackupProblem[]> {
  const { manifest } = restored;
  const holds = manifest.engine === 'logical' ? 'logical' : 'physical';
  const admin = await connect({ url: restored.superuserUrl, applicationName: 'holdfast drill' });
  const names = new Set(await listDatabases(admin).finally(() => admin.close()));
  const found: DatabaseContent[] = [];
  for (const { name, tables } of manifest.databases.filter(database => names.has(database.name))) {
    onProgress(comparingText(name, tables));
    const url = restored.urlOf(name);
    found.push(await readContent({ url, jobs, holds, signal, onProgress: () => undefined }));
  }
  return compareContent(manifest.databases, found, holds === 'logical' ? 'dump' : 'cluster');
}

function comparingText(name: string, tables: readonly TableContent[]): string {
  const described = tables.filter(isDescribed).length;
  if (described === tables.length) return `comparing every row of ${name}`;
  if (described === 0) return `comparing the schema of ${name}; the backup does not describe its rows`;
  return `comparing the rows of ${described} of ${tables.length} tables of ${name}`;
}
