import type { BackupFacts } from '@holdfast/database/health';
import { type Hand, type HandContext, nameIn, qualified, splitName } from '../hand.ts';
import type { RepairPlan } from '../repair-plan.ts';
import { asOf, youngerAccounts } from './as-of.ts';
import { type ComingRows, comingWith, passingTables } from './coming-rows.ts';
import { restorePreview, withoutBackup } from './passed-over.ts';
import { countRows, readTableFacts, type TableName } from './table-facts.ts';

/** Brings the rows back that a backup has and the table has not, with those that a cascade took along; rows that are there stay as they are. */
export const restoreLostRows: Hand = async (context, { subject }) => {
  const name = qualified(nameIn(subject), 2);
  const facts = await readTableFacts(await context.db(), name);
  if (facts === undefined) return { cannot: `${name} is not there` };
  const backup = await backupWithMore(context, facts);
  if (backup === undefined) return { cannot: await noneWithMore(context, facts) };
  const what = `Bring back the missing rows of ${facts.schema}.${facts.name}`;
  return restorePlan(context, backup, await comingWith(context, backup, facts), what);
};

/** Makes a table again that is gone, with its rows and all that hung on it. */
export const restoreTable: Hand = async (context, { subject }) => {
  const [schema = 'public', name = ''] = splitName(qualified(nameIn(subject), 2));
  const hasTable = ({ tables }: BackupFacts): boolean =>
    tables.some(table => table.schema === schema && table.name === name);
  const backup = (await context.backups()).find(hasTable);
  const table = `${schema}.${name}`;
  if (backup === undefined) {
    const none = await withoutBackup(context, `has ${table}`, table, hasTable);
    return { cannot: `${none}; an empty table would hide that its rows are gone` };
  }
  const passing = await passingTables(context, backup);
  const coming = { tables: [table], parents: [], hanging: [], leaves: [], passing };
  return restorePlan(
    context,
    backup,
    coming,
    `Make the table again, with its rows ${await asOf(context, backup, table)}: ${table}`,
  );
};

/** The newest backup with more rows of a table than there are now; undefined when none has. */
export async function backupWithMore(
  context: HandContext,
  table: TableName,
): Promise<BackupFacts | undefined> {
  const backups = await context.backups();
  return backups.length === 0 ? undefined : backups.find(await hasMore(context, table));
}

/** Why rows of a table do not come back out of a backup, as a clause. */
export async function noneWithMore(context: HandContext, table: TableName): Promise<string> {
  const name = `${table.schema}.${table.name}`;
  const any = (await context.passedOver()).length > 0;
  const has = any ? await hasMore(context, table) : () => false;
  return withoutBackup(context, `has more rows of ${name}`, name, has);
}

async function hasMore(
  context: HandContext,
  { table, schema, name }: TableName,
): Promise<(backup: BackupFacts) => boolean> {
  const rows = await countRows(await context.db(), table);
  return ({ tables }) =>
    tables.some(other => other.schema === schema && other.name === name && other.rows > rows);
}

/** Sessions that come back are told which time they lack, and those that had ended are ended again. */
export const OF_SESSIONS = [
  'public.refresh_tokens',
  'public.sessions',
  'public.audit_log',
  'holdfast_recovery.restore_epochs',
  'holdfast_recovery.revoked_sessions',
];
const ALSO_TOUCHED: Readonly<Record<string, readonly string[]>> = {
  'public.users': OF_SESSIONS,
  'public.sessions': OF_SESSIONS,
  'public.refresh_tokens': OF_SESSIONS,
};

/** What rows that come back into these tables change, these included. */
export function touchedWith(tables: readonly string[]): readonly string[] {
  return [...new Set(tables.flatMap(table => [table, ...(ALSO_TOUCHED[table] ?? [])]))];
}

/** The plan that brings rows back, and nothing without what hung on it. */
export async function restorePlan(
  context: HandContext,
  backup: BackupFacts,
  coming: ComingRows,
  what: string,
): Promise<RepairPlan> {
  const { tables, parents, hanging, leaves, passing } = coming;
  const along = [
    ...(parents.length === 0 ? [] : [`of what they refer to and is gone as well: ${parents.join(', ')}`]),
    ...(hanging.length === 0 ? [] : [`of what hung on them: ${hanging.join(', ')}`]),
  ].map(text => `, and ${text}`);
  const isOwn = !('kind' in context.target) && tables.includes('public.users');
  const younger = isOwn ? `; ${await youngerAccounts(context, backup, tables)}` : '';
  return {
    risk: 'confirm',
    effect: 'data',
    touches: touchedWith(tables),
    undo: 'holdfast restore ID --undo --yes.',
    steps: [
      {
        what: `${what}${along.join('')}${younger}`,
        command: restoreCommand(backup.id, tables),
        action: {
          ...{ kind: 'rows', backup: backup.id, tables, mode: 'missing' },
          ...(leaves.length === 0 ? {} : { leaves }),
          ...(passing.length === 0 ? {} : { passing }),
        },
      },
    ],
  };
}

/** What does by hand what a step of rows does. */
export function restoreCommand(backup: string, tables: readonly string[]): string {
  return `${restorePreview(backup, tables)} --yes`;
}
