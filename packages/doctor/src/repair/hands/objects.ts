import { type Difference, reconcilePart } from '@holdfast/database/drift';
import { sql } from '@holdfast/postgres';
import { type Hand, type HandContext, nameIn, qualified, splitName } from '../hand.ts';
import type { NoPlan, PlannedStep, RepairEffect, RepairPlan } from '../repair-plan.ts';
import { quoteName } from '../statement.ts';
import { asOf } from './as-of.ts';

/** What brings one object to what is expected, and back. */
export interface Reconciled {
  readonly statements: readonly string[];
  readonly undo: readonly string[];
  readonly transactional: boolean;
}

/**
 * The SQL for one subject such as `trigger:users.users_modified_at`, as drift writes it, and the SQL for the way back, which is the same
 * comparison the other way round. What would destroy data is never part of the way forth.
 */
export async function reconcileSubject(context: HandContext, subject: string): Promise<Reconciled | NoPlan> {
  return reconcileDifferences(context, difference => subjectOf(difference) === subject, subject);
}

/** The same for several differences that are one subject. */
export async function reconcileDifferences(
  context: HandContext,
  isWanted: (difference: Difference) => boolean,
  subject: string,
): Promise<Reconciled | NoPlan> {
  const { catalog: expected } = await context.expected();
  const live = await context.live();
  const forth = reconcilePart({ expected, live }, isWanted);
  const back = reconcilePart(
    { expected: live, live: expected },
    difference => isWanted(difference) || isWanted(otherWayRound(difference)),
    { allowDestructive: true },
  );
  const [withheld] = forth.withheld;
  if (withheld !== undefined) return { cannot: `${withheld.reason}: ${withheld.sql}` };
  if (forth.statements.length === 0) return { cannot: `nothing differs at ${subject} any more` };
  return { statements: forth.statements, undo: back.statements, transactional: forth.transactional };
}

/** Either side knows something that was renamed by a name of its own. */
function otherWayRound(difference: Difference): Difference {
  return difference.property === 'name' ? { ...difference, name: String(difference.live) } : difference;
}

/** As the doctor names it: the schema that everybody uses is left out. */
function subjectOf({ type, name }: Difference): string {
  return `${type}:${name.replace(/^public\./, '')}`;
}

/** One transaction where PostgreSQL allows. */
export function reconcilingStep(what: string, { statements, undo, transactional }: Reconciled): PlannedStep {
  const command = `${statements.join(';\n')};`;
  return transactional
    ? { what, command, action: { kind: 'transaction', as: 'owner', statements, undo } }
    : { what, command, action: { kind: 'alone', as: 'owner', statements, undo: undo.map(orAbsent) } };
}

/** It may be run when only a part of what it drops was made. */
function orAbsent(text: string): string {
  return text.replace(
    /\bdrop (constraint|index concurrently|index(?! concurrently)|trigger|function|view|column) (?!if exists)/g,
    'drop $1 if exists ',
  );
}

interface ObjectRepair {
  readonly what: string;
  readonly undo: string;
  readonly risk: RepairPlan['risk'];
}

/** A hand that makes an object what the expected catalog says it is. */
function reconciling({ what, undo, risk }: ObjectRepair): Hand {
  return async (context, { subject }) => {
    const reconciled = await reconcileSubject(context, subject);
    if ('cannot' in reconciled) return reconciled;
    const effect: RepairEffect = 'schema';
    const steps = [reconcilingStep(`${what} ${subject.replace(':', ' ')}`, reconciled)];
    return { risk, effect, touches: [], undo, steps };
  };
}

const switchOn: Hand = reconciling({
  what: 'Switch on the',
  undo: 'Switch it off again.',
  risk: 'confirm',
});

/** Switches a trigger on again, or those behind a foreign key, which only a superuser may. */
export const enableTrigger: Hand = async (context, cause) => {
  const plan = await switchOn(context, cause);
  if ('cannot' in plan || !cause.subject.startsWith('constraint:')) return plan;
  const db = await context.db();
  const { by, superuser } = await db.one(sql<{ by: string; superuser: boolean }>`
    select rolname::text as by, rolsuper as superuser from pg_catalog.pg_roles where rolname = current_user`);
  const commands = plan.steps.map(({ command }) => command).join(' ');
  if (!superuser)
    return {
      cannot: `the role ${by} may not switch them on; as a superuser: ${commands.replaceAll('\n', ' ')}`,
    };
  const steps = plan.steps.map(step =>
    step.action.kind === 'transaction'
      ? { ...step, action: { ...step.action, as: 'administrator' as const } }
      : step,
  );
  return { ...plan, steps };
};

/** Makes a function, view, trigger or rule again, with the triggers that went with it. */
export const createCode: Hand = reconciling({ what: 'Create the', undo: 'Drop it again.', risk: 'safe' });

/** As the superuser, for few others may; into the schema that it was in, where what it makes is looked for. */
export const createExtension: Hand = async (context, { subject }) => {
  const name = nameIn(subject);
  const { catalog } = await context.expected();
  const wanted = catalog.extensions.find(extension => extension.name === name);
  const place = wanted === undefined ? '' : ` with schema ${quoteName(wanted.schema)}`;
  const drop = `drop extension if exists ${quoteName(name)}`;
  return {
    risk: 'safe',
    effect: 'schema',
    touches: [],
    undo: `${drop};`,
    steps: [
      {
        what: `Create the extension ${name}`,
        command: `create extension ${quoteName(name)}${place};`,
        action: {
          kind: 'transaction',
          as: 'administrator',
          statements: [`create extension if not exists ${quoteName(name)}${place}`],
          undo: [drop],
        },
      },
    ],
  };
};

/** Adds a column that is gone, with its values out of the newest backup that has its table; one of another type is changed back. */
export const addColumn: Hand = async (context, { subject }) => {
  const [schema = 'public', table = '', column = ''] = splitName(qualified(nameIn(subject), 3));
  const reconciled = await reconcileSubject(context, subject);
  if ('cannot' in reconciled) return reconciled;
  const made = reconciled.statements.findIndex(text => / add column /.test(text));
  const common = { risk: 'confirm', touches: [`${schema}.${table}`] } as const;
  if (made === -1) {
    const steps = [reconcilingStep(`Put the ${subject.replace(':', ' ')} right`, reconciled)];
    return { ...common, effect: 'data', undo: 'Change it back.', steps };
  }
  const filled = await fillingStep(context, { schema, table, column }, reconciled, made);
  if ('cannot' in filled) return filled;
  const rest = reconciled.statements.slice(made + 1);
  const steps: PlannedStep[] = [filled];
  if (rest.length > 0)
    steps.push({
      what: `Make what hung on the ${subject.replace(':', ' ')}`,
      command: `${rest.join(';\n')};`,
      // it goes with the column
      action: { kind: 'alone', as: 'owner', statements: rest, undo: [] },
    });
  const undo = `${dropping({ schema, table, column })};`;
  return { ...common, effect: 'data', undo, steps };
};

interface ColumnName {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
}

function dropping({ schema, table, column }: ColumnName): string {
  return `alter table ${quoteName(schema, table)} drop column ${quoteName(column)} cascade`;
}

async function fillingStep(
  context: HandContext,
  { schema, table, column }: ColumnName,
  { statements }: Reconciled,
  made: number,
): Promise<PlannedStep | NoPlan> {
  const name = `${schema}.${table}`;
  const isIt = (other: { readonly schema: string; readonly name: string }): boolean =>
    other.schema === schema && other.name === table;
  const backup = (await context.backups()).find(({ tables }) => tables.some(isIt));
  if (backup === undefined)
    return {
      cannot: `no backup that can be opened from here has ${name}; an empty column would hide that its values are gone`,
    };
  const { catalog } = await context.expected();
  const key = catalog.constraints.find(
    constraint =>
      constraint.schema === schema && constraint.table === table && constraint.kind === 'primary key',
  )?.columns;
  if (key === undefined || key.includes(column))
    return { cannot: `${name} has no primary key besides it, so its values cannot be told apart` };
  const add = statements[made] ?? '';
  const target = `alter table ${quoteName(schema, table)} alter column ${quoteName(column)}`;
  const required = / not null$/.test(add);
  return {
    what: `Add the column ${column} to ${name}, with its values out of the backup ${backup.id}, ${await asOf(context, backup, name)}`,
    command: `${add};`,
    action: {
      kind: 'column',
      backup: backup.id,
      table: [schema, table],
      column,
      key,
      before: [...statements.slice(0, made), add.replace(/ not null$/, '')],
      after: required ? [`${target} set not null`] : [],
      undo: [dropping({ schema, table, column })],
    },
  };
}
