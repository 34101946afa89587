import { type Hand, type HandContext, nameIn } from '../hand.ts';
import type { PlannedStep } from '../repair-plan.ts';
import { quoteText } from '../statement.ts';
import { backupWithMore } from './rows.ts';
import { readTableFacts } from './table-facts.ts';

const SEEDED = ['public.roles', 'public.permissions', 'public.role_permissions'];

/** Puts the built-in roles, permissions and grants back that are missing, and changes nothing that is there. */
export const seedBuiltIn: Hand = async context => seeding(context, undefined, 'seed first');

/** Every grant is gone: they come back from a backup, and what it does not have from the seed. */
export const bringGrantsBack: Hand = async context =>
  seeding(context, await missingRows(context, 'public.role_permissions', undefined), 'rows first');

/** With the role went who had it, which a backup may know. */
export const bringRoleBack: Hand = async (context, { subject }) => {
  const had = `role_id in (select id from public.roles where name = ${quoteText(nameIn(subject))})`;
  return seeding(context, await missingRows(context, 'public.user_roles', had), 'seed first');
};

async function seeding(
  { target }: HandContext,
  rows: PlannedStep | undefined,
  order: 'rows first' | 'seed first',
): ReturnType<Hand> {
  if ('kind' in target) return { cannot: 'only a Holdfast has these rows' };
  const seed: PlannedStep = {
    what: 'Put the built-in roles, permissions and grants back that are missing',
    command: 'holdfast seed built-in',
    action: { kind: 'seed', name: 'built-in', environment: target.settings.settings.nodeEnv },
  };
  return {
    risk: 'safe',
    effect: 'data',
    touches: [...SEEDED, 'public.user_roles'],
    undo:
      rows === undefined
        ? 'Delete the added rows.'
        : 'holdfast restore ID --undo --yes, then delete the added rows.',
    steps: rows === undefined ? [seed] : order === 'rows first' ? [rows, seed] : [seed, rows],
  };
}

/** The rows of a table that a backup has and that are gone, for whom is still there; undefined when none has more of them. */
async function missingRows(
  context: HandContext,
  table: string,
  rows: string | undefined,
): Promise<PlannedStep | undefined> {
  const facts = await readTableFacts(await context.db(), table);
  const backup = facts === undefined ? undefined : await backupWithMore(context, facts);
  if (backup === undefined) return undefined;
  const where = rows === undefined ? '' : ` --rows "${rows}"`;
  return {
    what: `Bring back the rows of ${table} that went with them`,
    command: `holdfast restore ${backup.id} --table ${table}${where} --mode missing --skip-conflicts --yes`,
    action: {
      ...{ kind: 'rows', backup: backup.id, tables: [table], mode: 'missing', withoutParents: true },
      ...(rows === undefined ? {} : { rows }),
    },
  };
}
