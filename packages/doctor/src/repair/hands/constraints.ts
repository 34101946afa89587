import type { CatalogConstraint, Queryable } from '@holdfast/postgres';
import { type Hand, type HandContext, nameIn, qualified, splitName } from '../hand.ts';
import type { NoPlan, RepairPlan } from '../repair-plan.ts';
import { quoteName } from '../statement.ts';
import { quarantineDuplicates } from './duplicates.ts';
import { reconcileSubject, reconcilingStep } from './objects.ts';
import { type Condition, isOrphan, settleMissing } from './orphans.ts';
import { type Reference, readTableFacts, type TableFacts } from './table-facts.ts';

/** Adds a constraint again. Rows that break it have come in meanwhile: they make way first, and none is deleted. */
export const addConstraint: Hand = async (context, { subject }) => {
  const reconciled = await reconcileSubject(context, subject);
  if ('cannot' in reconciled) return reconciled;
  const wanted = await findExpected(context, subject);
  const undo = [...reconciled.undo, ...indexOf(wanted)];
  const add = reconcilingStep(`Add and check the ${subject.replace(':', ' ')}`, { ...reconciled, undo });
  const violators = wanted === undefined ? undefined : await makeWay(context, wanted);
  if (violators === undefined)
    return {
      risk: 'confirm',
      effect: 'schema',
      touches: [],
      undo: 'Drop the constraint again.',
      steps: [add],
    };
  if ('cannot' in violators) return violators;
  return { ...violators, steps: [...violators.steps, add] };
};

/** A unique one begins as an index, which is there without it when the building is cut off. */
function indexOf(wanted: CatalogConstraint | undefined): string[] {
  if (wanted === undefined || !['unique', 'primary key', 'exclusion'].includes(wanted.kind)) return [];
  return [`drop index concurrently if exists ${quoteName(wanted.schema, wanted.name)}`];
}

async function findExpected(context: HandContext, subject: string): Promise<CatalogConstraint | undefined> {
  const [schema, table, name] = splitName(qualified(nameIn(subject), 3));
  const { catalog } = await context.expected();
  return catalog.constraints.find(
    constraint => constraint.schema === schema && constraint.table === table && constraint.name === name,
  );
}

/** How the rows that break a constraint make way; undefined when there are none, or it is of another kind. */
async function makeWay(
  context: HandContext,
  wanted: CatalogConstraint,
): Promise<RepairPlan | NoPlan | undefined> {
  const db = await context.db();
  const { kind, schema, name } = wanted;
  if (kind === 'unique' || kind === 'primary key') {
    const { catalog } = await context.expected();
    const index = catalog.indexes.find(item => item.schema === schema && item.name === name);
    if (index === undefined) return undefined;
    return quarantineDuplicates(db, { definition: index.definition, index: name, runId: context.runId });
  }
  const child = await readTableFacts(db, quoteName(schema, wanted.table));
  if (child === undefined) return undefined;
  if (kind === 'foreign key') return withoutParents(context, db, child, wanted);
  const [, expression] = /^check \((.*)\)(?: not valid| no inherit)*$/is.exec(wanted.definition) ?? [];
  if (kind !== 'check' || expression === undefined) return undefined;
  return breaking(context, child, expression, name);
}

/** Rows for which a check does not hold; one that is not known holds. */
function breaking(
  context: HandContext,
  table: TableFacts,
  expression: string,
  name: string,
): Promise<RepairPlan | NoPlan | undefined> {
  const condition: Condition = row =>
    `${row}.ctid in (select ctid from only ${table.table} where not (${expression}))`;
  return settleMissing(context, undefined, [{ table, reason: name, condition }]);
}

async function withoutParents(
  context: HandContext,
  db: Queryable,
  child: TableFacts,
  { name, definition, schema }: CatalogConstraint,
): Promise<RepairPlan | NoPlan | undefined> {
  const [, columns, parentName, parentColumns] =
    /^foreign key \(([^)]*)\) references (\S+|"[^"]+")\(([^)]*)\)/i.exec(definition) ?? [];
  if (columns === undefined || parentName === undefined || parentColumns === undefined) return undefined;
  const named = splitName(parentName).length === 1 ? `${quoteName(schema)}.${parentName}` : parentName;
  const parent = (await readTableFacts(db, named)) ?? (await readTableFacts(db, parentName));
  if (parent === undefined) return { cannot: `${parentName} is not there` };
  const reference: Reference = {
    name,
    child: child.table,
    childColumns: columns.split(',').map(column => column.trim()),
    parentColumns: parentColumns.split(',').map(column => column.trim()),
  };
  return settleMissing(context, parent, [
    { table: child, reason: name, condition: isOrphan(parent, reference) },
  ]);
}
