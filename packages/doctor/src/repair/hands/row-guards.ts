import { displayName } from '@holdfast/database/drift';
import { type CatalogTrigger, sql } from '@holdfast/postgres';
import { isRowSecurityOf } from '../../probes/compare-row-guards.ts';
import { isChangeOf } from '../../probes/compare-triggers.ts';
import { addressesOf } from '../addresses.ts';
import { type Hand, type HandContext, nameIn, qualified, splitName } from '../hand.ts';
import type { NoPlan, RepairPlan } from '../repair-plan.ts';
import { quoteName } from '../statement.ts';
import { type Reconciled, reconcileDifferences, reconcilingStep } from './objects.ts';

/** Makes row level security of a table what is expected: switched on or off, with its policies as they were. */
export const restoreRowSecurity: Hand = async (context, { subject }) => {
  const [schema = '', table = ''] = splitName(qualified(nameIn(subject), 2));
  const reconciled = await reconcileDifferences(context, isRowSecurityOf(nameIn(subject)), subject);
  return planFor(
    context,
    { schema, table },
    `Make row level security of ${nameIn(subject)} what it was`,
    reconciled,
  );
};

/** Drops a trigger that was added; one that was changed gets its definition and its function back. */
export const restoreTrigger: Hand = async (context, { subject }) => {
  const wanted = splitName(qualified(nameIn(subject), 3));
  const isIt = (trigger: CatalogTrigger): boolean =>
    displayName([trigger.schema, trigger.table, trigger.name]) === displayName(wanted);
  const { catalog: expected } = await context.expected();
  const live = await context.live();
  const found = live.triggers.find(isIt);
  if (found === undefined) return { cannot: `the ${subject.replace(':', ' ')} is gone` };
  if (!expected.triggers.some(isIt)) {
    const dropped = await dropping(context, found);
    const what = `Drop the trigger ${found.name}, which was added to ${found.table}`;
    return planFor(context, { schema: found.schema, table: found.table }, what, dropped);
  }
  const changed = await reconcileDifferences(context, isChangeOf(found, live), subject);
  return planFor(context, found, `Make the trigger ${nameIn(subject)} what it was`, changed);
};

interface Guarded {
  readonly schema: string;
  readonly table: string;
  /** Of a trigger whose function is changed as well. */
  readonly name?: string;
}

/** Only where the statements are those of the owner of the table, who alone may run them. */
async function planFor(
  context: HandContext,
  guarded: Guarded,
  what: string,
  reconciled: Reconciled | NoPlan,
): Promise<RepairPlan | NoPlan> {
  if ('cannot' in reconciled) return reconciled;
  const { statements, undo } = reconciled;
  const step = reconcilingStep(what, reconciled);
  const { owner } = await addressesOf(context.target);
  const by = owner === undefined ? '' : decodeURIComponent(new URL(owner).username);
  if (!(await owns(context, by, guarded)))
    return {
      cannot: `the role ${by} does not own ${guarded.table}, or what its triggers call; as the owner: ${statements.join('; ')};`,
    };
  return {
    risk: 'confirm',
    effect: 'schema',
    touches: [],
    undo: `${undo.join('; ')};`,
    steps: [step],
  };
}

/** A trigger that was changed may need its function changed as well, which is somebody's own. */
async function owns(context: HandContext, role: string, { schema, table, name }: Guarded): Promise<boolean> {
  const db = await context.db();
  const found = await db.maybeOne(sql<{ owns: boolean }>`
    select pg_catalog.pg_has_role(r.oid, c.relowner, 'USAGE') and not exists (
      select from pg_catalog.pg_trigger t join pg_catalog.pg_proc p on p.oid = t.tgfoid
      where t.tgrelid = c.oid and t.tgname = ${name ?? null} and not pg_catalog.pg_has_role(r.oid, p.proowner, 'USAGE')
    ) as owns
    from pg_catalog.pg_roles r, pg_catalog.pg_class c
    where r.rolname = ${role} and c.oid = pg_catalog.to_regclass(${quoteName(schema, table)})`);
  return found?.owns === true;
}

const MODES: Readonly<Record<string, string>> = { D: 'disable', R: 'enable replica', A: 'enable always' };

interface LiveTrigger {
  readonly definition: string;
  readonly mode: string;
  readonly comment: string | null;
}

/** The way back makes it as PostgreSQL describes it, with every name in full. */
async function dropping(
  context: HandContext,
  { schema, table, name }: CatalogTrigger,
): Promise<Reconciled | NoPlan> {
  const db = await context.db();
  const on = quoteName(schema, table);
  const found = await db.transaction(async tx => {
    await tx.query(sql`select pg_catalog.set_config('search_path', '', true)`);
    return tx.maybeOne(sql<LiveTrigger>`
      select pg_catalog.pg_get_triggerdef(t.oid) as definition, t.tgenabled::text as mode,
        pg_catalog.quote_literal(pg_catalog.obj_description(t.oid, 'pg_trigger')) as comment
      from pg_catalog.pg_trigger t
      where t.tgrelid = pg_catalog.to_regclass(${on}) and t.tgname = ${name} and not t.tgisinternal`);
  });
  if (found === undefined) return { cannot: `the trigger ${name} is gone` };
  const trigger = quoteName(name);
  const mode = MODES[found.mode];
  const undo = [
    found.definition,
    ...(mode === undefined ? [] : [`alter table ${on} ${mode} trigger ${trigger}`]),
    ...(found.comment === null ? [] : [`comment on trigger ${trigger} on ${on} is ${found.comment}`]),
  ];
  return { statements: [`drop trigger ${trigger} on ${on}`], undo, transactional: true };
}
